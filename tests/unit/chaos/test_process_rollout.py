"""Drills whose release is a process: what it says becomes the record, and what its deaths break becomes the verdict."""

import contextlib
import dataclasses
import signal
import time

import pytest
from tests.unit.drills.fakes import TIMING, Shop, system

from drills.chaos.api_trouble import ApiTrouble
from drills.chaos.killed import MOVED
from drills.chaos.process import Ended
from drills.chaos.release_killed import ReleaseKilled
from drills.chaos.release_killed_abort import ReleaseKilledAbort
from drills.chaos.rules import Event, Kill, Request
from drills.chaos.told import Told, told
from drills.chaos.two_releases import TwoReleases
from drills.experiment import Experiment
from drills.record import Record
from drills.twins import TWINS, VERSION
from drills.verdict import Limits, judge

GENEROUS = Limits(slow_ms=250, hurt=1e6)
MOVE = Request("PATCH", "/apis/networking.istio.io/v1/namespaces/shop/virtualservices/order", 5)
DRILLS = (ReleaseKilled(), ReleaseKilledAbort(), ApiTrouble(), TwoReleases())


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("   0.4 s  shift  canary=15", Told("shift", 0.4, {"canary": 15})),
        ('  11.5 s  roll stable  deployment="order"', Told("roll stable", 11.5, {"deployment": "order"})),
        ('   5.0 s  analysis  of="15 %" reason="a b=c"', Told("analysis", 5.0, {"of": "15 %", "reason": "a b=c"})),
        ("   2.0 s  start  ", Told("start", 2.0, {})),
        ("   2.0 s  start  image=order", Told("start", 2.0, {})),
        ("Promoted: within the margins", None),
        ("", None),
    ],
)
def test_steps_are_read_from_lines(line, read):
    assert told(line) == read


class Releases:
    """Runs no process: moves the users of a shop as one would have, or dies on the way where a rule says so."""

    service = "order"

    def __init__(self, shop):
        self.shop = shop
        self.left = []
        self.both_go_on = False
        self.immortal = False
        self.wordy = False

    def release(self, image):
        return ["release", "order", "--image", image]

    @contextlib.contextmanager
    def process(self, arguments, rules=(), hear=lambda line: None, on_event=lambda event: None):
        yield Process(self, arguments, rules, hear, on_event)


class Process:
    def __init__(self, releases, arguments, rules, hear, on_event):
        self.world, self.shop = releases, releases.shop
        self.verb, self.arguments, self.rules, self.hear, self.on_event = arguments[0], arguments, rules, hear, on_event
        self.refused = self.verb == "release" and self.world.left and not self.world.both_go_on
        if self.verb == "release" and not self.refused:
            self.begin()

    def wait(self):
        if self.refused:
            return Ended(2, [], ["error: a release of order is under way"] * (2 if self.world.wordy else 1))
        if self.verb == "abort":
            return self.end("RolledBack", "asked for")
        return self.die() or self.judge()

    def begin(self):
        tag = self.arguments[-1].partition(":")[2]
        self.shop.fault = tag.partition("-")[2] or "sound"
        self.world.left = ["Deployment order-canary"]
        self.hear('   0.1 s  start  image="order:v2" version="v2"')

    def die(self):
        [action] = [rule.action for rule in self.rules if isinstance(rule.action, Kill)] or [None]
        if action is None or self.world.immortal:
            return None
        self.shop.share = 0.5
        self.hear("   0.1 s  shift  canary=50")
        self.on_event(Event(time.monotonic(), MOVE, action))
        self.shop.users_pass(80)
        return Ended(-signal.SIGKILL)

    def judge(self):
        self.shop.share = 0.5
        self.shop.users_pass(80)
        good = self.shop.fault == "sound"
        self.hear(f'   0.1 s  analysis  of="canary at 50 %" verdict="{"Passed" if good else "Failed"}" reason="seen"')
        if good:
            self.shop.stable = "v2"
        return self.end("Promoted" if good else "RolledBack", "seen")

    def end(self, outcome, reason):
        self.shop.share = 0.0
        if not self.world.both_go_on:
            self.world.left = []
        return Ended(0 if outcome == "Promoted" else 1, [f"{outcome}: {reason}"])


def perform(drill, twin, change=lambda releases: None):
    shop = Shop()
    releases = Releases(shop)
    change(releases)
    release = drill.release(TWINS[twin])
    record = Record(drill.name, release, "order", "fake", drill.hypothesis(), VERSION, 200)
    changed = dataclasses.replace(
        system(shop),
        processes=lambda *what: releases,
        leftovers=lambda service: lambda outcome: list(releases.left),
    )
    Experiment(drill, release, changed, record, TIMING).run()
    return record, judge(record, GENEROUS)


@pytest.mark.parametrize("drill", DRILLS, ids=lambda drill: drill.name)
@pytest.mark.parametrize("twin", ["sound", "errors"])
def test_every_drill_passes_where_the_release_survives(drill, twin):
    record, ruling = perform(drill, twin)
    assert ruling.verdict == "Passed", ruling.reason
    assert record.outcome == drill.release(TWINS[twin]).expected


def test_the_record_tells_what_the_release_said_and_what_was_done_to_it():
    record, _ = perform(ReleaseKilled(), "sound")
    steps = {step.name: step for step in record.steps}
    assert [step.name for step in record.steps].count("kill") == 2
    assert steps["kill"].detail == "PATCH virtualservices/order"
    assert [step.weight for step in record.steps if step.name == "shift"] == [50, 50]
    assert {"release", "resume", "start", "analysis"} <= set(steps)
    assert [finding.verdict for finding in record.findings] == ["Passed"]
    assert record.said[0].endswith('version="v2"')


def test_a_release_that_is_never_killed_proves_nothing():
    _, ruling = perform(ReleaseKilled(), "sound", lambda releases: setattr(releases, "immortal", True))
    assert ruling.verdict == "Error"
    assert "before it could be killed" in ruling.reason


def test_without_resume_the_drill_fails():
    """A drill that believes a dead release to have ended leaves everything behind, and that is seen."""

    class Negligent(ReleaseKilled):
        def method(self, rollout, image):
            rollout.release(image, MOVED)
            return "RolledBack"

    record, ruling = perform(Negligent(), "errors")
    assert record.broken == ["Deployment order-canary was left behind"]
    assert ruling.verdict == "Failed", ruling.reason


def test_what_is_left_behind_fails_a_drill_that_users_would_pass():
    class Careless(ApiTrouble):
        def method(self, rollout, image):
            outcome = rollout.release(image)
            rollout._releases.left = ["Job order-migrate-v2"]
            return outcome

    _, ruling = perform(Careless(), "sound")
    assert (ruling.verdict, ruling.reason) == ("Failed", "Promoted, but Job order-migrate-v2 was left behind.")


def test_two_releases_that_both_go_on_fail():
    def both(releases):
        releases.both_go_on = True

    record, ruling = perform(TwoReleases(), "sound", both)
    assert "2 of 2 releases that began at once went on" in record.broken[0]
    assert ruling.verdict == "Failed"


def test_a_refusal_of_many_lines_fails():
    record, ruling = perform(TwoReleases(), "sound", lambda releases: setattr(releases, "wordy", True))
    assert record.broken == ["the release that was refused said 2 lines, not one"]
    assert ruling.verdict == "Failed"
