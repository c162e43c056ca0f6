"""The release command: exit status 0 promoted, 1 rolled back, 2 could not be tried; troubles are one line."""

import json
import time

import pytest
from tests.unit.delivery.shop import DEPLOYMENTS, steady

from delivery import __main__ as program
from delivery import command
from delivery.judgement import Outcome, Verdict
from delivery.rollout import Rollout


def run(monkeypatch, capsys, *arguments):
    monkeypatch.setattr("sys.argv", ["delivery", *arguments])
    monkeypatch.setattr("signal.signal", lambda *_: None)
    with pytest.raises(SystemExit) as exit_:
        program.main()
    output = capsys.readouterr()
    return exit_.value.code, output.out, output.err


@pytest.mark.parametrize(
    ("strategy", "verdict", "outcome"),
    [
        ("canary", Verdict.PASSED, Outcome.PROMOTED),
        ("canary", Verdict.FAILED, Outcome.ROLLED_BACK),
        ("canary", Verdict.INCONCLUSIVE, Outcome.ROLLED_BACK),
        ("blue-green-route", Verdict.PASSED, Outcome.PROMOTED),
        ("blue-green-route", Verdict.FAILED, Outcome.ROLLED_BACK),
    ],
)
def test_only_passed_is_promoted(canary_shop, always, traffic, strategy, verdict, outcome):
    shop, cluster = canary_shop
    shop.api.ask_prometheus = traffic
    rollout = Rollout(cluster, "order", strategy, judge=always(verdict))
    assert command.release(rollout, "order:v2")[0] is outcome
    assert shop.weights() == {"stable": 100, "canary": 0}
    assert shop.names() == ["order"]


def test_blue_green_switches_only_after_smoke(blue_green_shop, always, traffic):
    shop, cluster = blue_green_shop
    shop.api.ask_prometheus = traffic
    failed = Rollout(cluster, "order", "blue-green", judge=always(Verdict.FAILED))
    assert command.release(failed, "order:v2")[0] is Outcome.ROLLED_BACK
    switched = [body for _m, path, body in shop.calls() if path == "services/order" and "spec" in body]
    assert switched == []
    passed = Rollout(cluster, "order", "blue-green", judge=always(Verdict.PASSED))
    assert command.release(passed, "order:v2")[0] is Outcome.PROMOTED
    assert shop.names() == ["order-green"]


def test_a_cluster_that_gets_in_the_way_leaves_users_on_stable(canary_shop, always):
    from cluster.errors import ClusterError

    shop, cluster = canary_shop
    rollout = Rollout(cluster, "order", judge=always(Verdict.PASSED))
    tried = []

    def refuse(method, path):
        if method == "PATCH" and "virtualservices" in path and not tried:
            tried.append(path)
            return 403, "out of order"
        return None

    shop.api.refuse = refuse
    with pytest.raises(ClusterError, match="out of order"):
        command.release(rollout, "order:v2")
    assert shop.weights() == {"stable": 100, "canary": 0}
    assert shop.names() == ["order"]


def test_a_rejected_release_exits_with_1(canary_shop, monkeypatch, capsys):
    shop, _cluster = canary_shop
    shop.unready["order-canary"] = "CrashLoopBackOff"
    code, out, _err = run(monkeypatch, capsys, "release", "order", "--image", "order:v2-crash")
    assert code == 1
    assert out.splitlines()[-1].startswith("RolledBack: ")
    assert "CrashLoopBackOff" in out


def test_what_cannot_be_tried_exits_with_2_and_one_line(canary_shop, monkeypatch, capsys):
    code, _out, err = run(monkeypatch, capsys, "release", "order", "--image", "order")
    assert code == 2
    assert err.count("\n") == 1
    assert "has no tag" in err
    code, _out, err = run(monkeypatch, capsys, "abort", "order")
    assert (code, err) == (2, "error: no release of order is under way in namespace shop\n")


def test_a_release_by_digest_is_labelled_and_recorded(canary_shop, monkeypatch, capsys, tmp_path):
    shop, _cluster = canary_shop
    shop.unready["order-canary"] = "CrashLoopBackOff"
    image, report = f"registry.example.com/team/order:3f2a@sha256:{'5eed' * 16}", tmp_path / "new" / "order.json"
    code, _out, _err = run(monkeypatch, capsys, "release", "order", "--image", image, "--report", str(report))
    written = json.loads(report.read_text())
    assert code == 1
    assert [written[name] for name in ("service", "image", "strategy", "outcome")] == [
        *("order", image, "canary", "RolledBack")
    ]
    assert "CrashLoopBackOff" in written["reason"]
    [start] = [step for step in written["steps"] if step["name"] == "start"]
    assert start["details"]["version"] == "3f2a"


def test_a_release_that_could_not_be_tried_is_recorded_as_that(canary_shop, monkeypatch, capsys, tmp_path):
    report = tmp_path / "order.json"
    run(monkeypatch, capsys, "release", "order", "--image", "order", "--report", str(report))
    written = json.loads(report.read_text())
    assert written["outcome"] == "Error"
    assert "has no tag and no digest" in written["reason"]


@pytest.mark.parametrize("weights", ["", "0", "100", "50,10", "10,10", "a,b"])
def test_weights_that_do_not_grow_are_a_wrong_usage(canary_shop, monkeypatch, capsys, weights):
    code, _out, err = run(monkeypatch, capsys, "release", "order", "--image", "order:v2", "--weights", weights)
    assert code == 2
    assert "--weights" in err
    assert canary_shop[0].api.calls == []


def test_abort_and_status_tell_what_there_is(canary_shop, monkeypatch, capsys):
    shop, cluster = canary_shop
    rollout = Rollout(cluster, "order")
    rollout.start("order:v2")
    rollout.shift(canary=25)
    code, out, _err = run(monkeypatch, capsys, "status", "order")
    assert code == 0
    assert "canary=25" in out
    assert "release   canary to order:v2" in out
    assert "phase     analysing (25 %)" in out
    rollout.let_go()
    code, out, _err = run(monkeypatch, capsys, "abort", "order")
    assert code == 0
    assert out.splitlines()[-1] == "RolledBack"
    assert f"{DEPLOYMENTS}/order-canary" not in shop.api.objects


def test_a_dry_run_tells_everything_and_changes_nothing(canary_shop, monkeypatch, capsys, tmp_path):
    shop, _cluster = canary_shop
    (tmp_path / "rollout.yaml").write_text("weights: [5, 50]\n")
    arguments = ("release", "order", "--image", "order:v2", "--plan", str(tmp_path / "rollout.yaml"), "--dry-run")
    code, out, _err = run(monkeypatch, capsys, *arguments)
    assert (code, shop.api.writes()) == (0, [])
    assert "as Deployment order-canary beside order" in out
    assert [word for word in ("5 %", "50 %") if f"would move {word} of the users" not in out] == []
    assert "at most 0.5 % more fail" in out
    assert "an error rate of 5 % is found" in out
    assert "the proof of safety needs about" in out


def test_a_dry_run_of_what_cannot_end_well_says_so_and_exits_with_2(canary_shop, monkeypatch, capsys):
    canary_shop[0].api.ask_prometheus = lambda _query: steady(time.time(), 5)
    code, out, err = run(monkeypatch, capsys, "release", "order", "--image", "order:v2", "--dry-run")
    assert code == 2
    assert "the proof of safety needs about" in out
    assert err.startswith("error: this plan cannot end well")
    assert err.count("\n") == 1


def test_a_plan_with_wrong_entries_is_refused_before_the_cluster_is_asked(canary_shop, monkeypatch, capsys, tmp_path):
    (tmp_path / "rollout.yaml").write_text("handful: none\nlast: 0\n")
    arguments = ("release", "order", "--image", "order:v2", "--plan", str(tmp_path / "rollout.yaml"))
    code, _out, err = run(monkeypatch, capsys, *arguments)
    assert (code, canary_shop[0].api.calls) == (2, [])
    assert [line.split(": ")[-2] for line in err.splitlines()] == ["handful", "last"]
