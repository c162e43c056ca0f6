"""SIGKILL between any two requests, before or after the last one took effect: resume or abort ends the release well."""

import contextlib
import itertools

import pytest
from tests.unit.delivery.killed import DEAD, Killed, Killer
from tests.unit.delivery.shop import JOBS, migrate_job, open_shop

from cluster.client import Cluster
from delivery import asking, command
from delivery.errors import DeliveryError
from delivery.journal import tenure
from delivery.judgement import Finding, Outcome, Verdict
from delivery.planning.plan import Plan
from delivery.rollout import Rollout

STRATEGIES = ("canary", "blue-green", "blue-green-route")


class Minded:
    """Lets everybody in, and has made up its mind about what comes then."""

    def __init__(self, verdict):
        self.verdict = verdict

    def smoke(self, answers, version):
        return Finding(Verdict.PASSED, "made up")

    def examine(self, evidence):
        return Finding(self.verdict, "made up")


PROMOTED, BACK, STUCK = "promoted", "rolled back", "stable does not roll"


def judge_for(outcome):
    return Minded(Verdict.FAILED if outcome == BACK else Verdict.PASSED)


def carry_out(monkeypatch, tmp_path, traffic, strategy, outcome, at, effective):
    """Run a release in a shop until it is killed or over; yield the shop and what was killed, if anything was."""
    stack = contextlib.ExitStack()
    shop, _cluster = stack.enter_context(open_shop(tmp_path, monkeypatch, blue_green=strategy == "blue-green"))
    shop.api.put(f"{JOBS}/order-migrate", migrate_job())
    shop.control()
    shop.api.ask_prometheus = traffic
    if outcome == STUCK:
        shop.unready["order"] = "CrashLoopBackOff"
    victim = stack.enter_context(Cluster.connect())
    killer = Killer(stack.enter_context(monkeypatch.context()), victim, at, effective)
    with monkeypatch.context() as patched:
        patched.setattr(tenure, "identify", lambda: DEAD)
        with contextlib.suppress(Killed):
            rollout = Rollout(victim, "order", strategy, judge=judge_for(outcome), plan=Plan(weights=(10, 50)))
            command.release(rollout, "order:v2")
    return stack, shop, killer


def resume(cluster, outcome):
    with contextlib.suppress(NothingOpenError), nothing_open():
        command.resume(Rollout.resume(cluster, "order", judge=judge_for(outcome)))


class NothingOpenError(Exception):
    pass


@contextlib.contextmanager
def nothing_open():
    try:
        yield
    except DeliveryError as error:
        if "no release of order is under way" not in str(error):
            raise
        raise NothingOpenError from error


def abort(cluster, outcome):
    with contextlib.suppress(NothingOpenError), nothing_open():
        asking.abort(cluster, "order", "enough", None, lambda line: None)


def check(shop, strategy):
    """See that the users are on one version, which runs complete, and that nothing else is left."""
    assert shop.leftovers() == []
    [name] = shop.names()
    images = {
        each["image"]
        for each in shop.api.objects[f"/apis/apps/v1/namespaces/shop/deployments/{name}"]["spec"]["template"]["spec"][
            "containers"
        ]
    }
    [version] = {image.split(":")[1] for image in images} - {"7"}
    _current, history = shop.journal()
    ended = history[-1]["outcome"] if history else None
    assert version == ("v2" if ended == Outcome.PROMOTED else "v1")
    if strategy == "blue-green":
        assert shop.selector()["version"] == version
        if version == "v1":
            assert shop.selector("order-preview")["version"] == "v9"
    return ended


@pytest.mark.timeout(300)
@pytest.mark.parametrize("end", [resume, abort])
@pytest.mark.parametrize("effective", [False, True], ids=["unsent", "answer lost"])
@pytest.mark.parametrize(
    ("strategy", "outcome"),
    [*itertools.product(STRATEGIES, (PROMOTED, BACK)), ("canary", STUCK), ("blue-green-route", STUCK)],
)
def test_whatever_request_was_the_last_one(tmp_path, monkeypatch, traffic, strategy, outcome, effective, end):
    for at in itertools.count(1):
        stack, shop, killer = carry_out(monkeypatch, tmp_path, traffic, strategy, outcome, at, effective)
        with stack:
            if killer.dead:
                with Cluster.connect() as other:
                    end(other, outcome)
            try:
                ended = check(shop, strategy)
            except AssertionError as error:
                raise AssertionError(f"killed at request {at}, {killer.last}: {error}") from error
            if end is resume and ended:
                assert ended == (Outcome.PROMOTED if outcome == PROMOTED else Outcome.ROLLED_BACK)
        if not killer.dead:
            assert at > 10
            return
