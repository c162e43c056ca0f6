"""What other processes ask: to go back, to go on, how far a release is, and how the last ones ended."""

import json
import threading

import pytest
from tests.unit.delivery.test_delivery_command import run
from tests.unit.delivery.test_killed_anywhere import Minded

from delivery import asking, carrier, command
from delivery.errors import UnderWay
from delivery.journal import lease
from delivery.judgement import Outcome, Verdict
from delivery.planning.plan import Plan
from delivery.rollout import Rollout


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(carrier, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(asking, "LOOK", 0.05)
    monkeypatch.setattr(lease, "BEAT", 0.1)


@pytest.fixture
def shop(canary_shop):
    return canary_shop[0]


@pytest.fixture
def undecided(canary_shop):
    return Rollout(canary_shop[1], "order", judge=Minded(Verdict.INCONCLUSIVE), plan=Plan(weights=(10, 50)))


def ended(shop):
    return shop.journal()[1][-1]


def test_a_live_release_goes_back_when_it_is_asked_to(shop, canary_shop, undecided, traffic):
    shop.api.ask_prometheus, ends, said = traffic, [], []
    judging = threading.Event()
    undecided._analysis.run = waiting_for(judging, undecided._analysis.run)
    thread = threading.Thread(target=lambda: ends.append(command.release(undecided, "order:v2")))
    thread.start()
    assert judging.wait(20)
    assert asking.abort(canary_shop[1], "order", "not today", None, said.append) == "RolledBack"
    thread.join()
    assert ends[0][0] is Outcome.ROLLED_BACK
    assert "asked for it: not today" in ends[0][1]
    assert "alive" in said[0]
    assert "not today" in ended(shop)["reason"]
    assert shop.leftovers() == []


def waiting_for(event, run):
    def begin(*arguments, **options):
        event.set()
        return run(*arguments, **options)

    return begin


def test_a_live_release_that_waits_for_pods_goes_back_too(shop, canary_shop, undecided, monkeypatch):
    shop.unready["order-canary"] = "ContainerCreating"
    ends = []
    thread = threading.Thread(target=lambda: ends.append(command.release(undecided, "order:v2")))
    thread.start()
    while not shop.journal()[0] or "order-canary" not in shop.names():
        threading.Event().wait(0.02)
    assert asking.abort(canary_shop[1], "order", "not today", None, lambda line: None) == "RolledBack"
    thread.join()
    assert (ends[0][0], shop.leftovers()) == (Outcome.ROLLED_BACK, [])


def test_what_a_dead_release_was_asked_for_is_done_by_who_resumes_it(shop, canary_shop, undecided, always):
    undecided.start("order:v2")
    undecided.shift(canary=10)
    entry = undecided.entry
    undecided.let_go()
    request = asking.Request(by="somebody@else/1/x", reason="not today", time=0.0)
    asking._note(asking.Journals(canary_shop[1]), entry, request)
    outcome, reason = command.resume(Rollout.resume(canary_shop[1], "order", judge=always(Verdict.PASSED)))
    assert (outcome, reason, shop.leftovers()) == (Outcome.ROLLED_BACK, "not today", [])


def test_release_resume_goes_on_with_its_own_image_only(shop, canary_shop, undecided):
    undecided.start("order:v2")
    undecided.let_go()
    assert asking.left_behind(canary_shop[1], "order", "order:v2")
    with pytest.raises(UnderWay, match="order:v2 is under way"):
        asking.left_behind(canary_shop[1], "order", "order:v3")


def test_resume_goes_back_if_it_is_to(shop, canary_shop, undecided, monkeypatch, capsys):
    undecided.start("order:v2")
    undecided.shift(canary=10)
    undecided.let_go()
    code, out, _err = run(monkeypatch, capsys, "resume", "order", "--abort")
    assert (code, out.splitlines()[-1]) == (1, "RolledBack: resumed to go back")
    assert shop.leftovers() == []
    code, _out, err = run(monkeypatch, capsys, "resume", "order")
    assert (code, err) == (2, "error: no release of order is under way in namespace shop\n")


def test_status_says_how_far_it_is_and_whether_it_is_alive(shop, canary_shop, undecided, monkeypatch, capsys):
    undecided.start("order:v2")
    undecided.shift(canary=10)
    _code, out, _err = run(monkeypatch, capsys, "status", "order", "--json")
    release = json.loads(out)["release"]
    assert (release["phase"], release["weight"], release["weights"]) == ("analysing", 10, [10, 50])
    assert (release["alive"], release["epoch"]) == (True, 1)
    undecided.let_go()
    _code, out, _err = run(monkeypatch, capsys, "status", "order")
    assert "alive     no, no heartbeat: `deliver resume order` goes on, `abort` goes back" in out


def test_history_says_how_the_last_ones_ended(shop, canary_shop, monkeypatch, capsys, always, traffic):
    _code, out, _err = run(monkeypatch, capsys, "history", "order")
    assert out == "no release has ended yet\n"
    shop.api.ask_prometheus = traffic
    for verdict in (Verdict.FAILED, Verdict.PASSED):
        command.release(
            Rollout(canary_shop[1], "order", judge=always(verdict), plan=Plan(weights=(10, 50))), "order:v2"
        )
    _code, out, _err = run(monkeypatch, capsys, "history", "order", "--json")
    newest, oldest = json.loads(out)
    assert (newest["outcome"], oldest["outcome"]) == ("Promoted", "RolledBack")
    assert (newest["reason"], newest["taken_over"]) == ("made up", 0)
    _code, out, _err = run(monkeypatch, capsys, "history", "order")
    assert [line.split()[1] for line in out.splitlines()] == ["Promoted", "RolledBack"]
