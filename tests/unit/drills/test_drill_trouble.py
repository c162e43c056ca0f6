"""Trouble around a release: it comes at the step that the drill names, and what cannot be broken is told."""

import dataclasses

import pytest
from tests.unit.drills.fakes import TIMING, FakeRollout, Shop, system

from drills.canary import Canary
from drills.experiment import Experiment
from drills.record import Record
from drills.trouble import Moment, Trouble
from drills.twins import TWINS


class Upset(Trouble, Canary):
    """Something breaks."""

    name = "upset"

    def before(self, world, at):
        world.seen.append(("before", at, world.rollout_of.shop.share))

    def during(self, world, at):
        world.seen.append(("during", at, None))

    def afterwards(self, world):
        return world.complaint


class World:
    def __init__(self, record):
        record.troubled = []
        self.seen, self.closed, self.complaint = [], 0, ""

    def rollout(self, strategy):
        self.rollout_of = FakeRollout(SHOPS[-1])
        return self.rollout_of

    def close(self):
        self.closed += 1


SHOPS = []


def perform(drill, prepare=lambda world: None):
    shop = Shop()
    SHOPS.append(shop)
    worlds = []

    def world(record):
        worlds.append(World(record))
        prepare(worlds[-1])
        return worlds[-1]

    record = Record("upset", TWINS["sound"], "order", "fake", "h", "v2", 200)
    whole = dataclasses.replace(system(shop), world=world)
    Experiment(drill, TWINS["sound"], whole, record, TIMING).run()
    return record, worlds[-1]


def test_each_step_is_told_before_it_begins_and_while_it_goes_on():
    record, world = perform(Upset())
    assert record.outcome == "Promoted", record.error
    first = world.rollout_of.weights[0] / 100
    before = [(at, share) for when, at, share in world.seen if when == "before"]
    assert before[:3] == [(Moment("start", 1), 0.0), (Moment("shift", 1), 0.0), (Moment("analysis", 1), first)]
    assert {at for when, at, _ in world.seen if when == "during"} == {at for at, _ in before}
    assert Moment("analysis", 3) in dict(before)
    assert world.closed == 1


def test_what_is_wrong_with_the_world_afterwards_is_recorded():
    record, _world = perform(Upset(), lambda world: setattr(world, "complaint", "a pod is missing"))
    assert record.broken == ["a pod is missing"]


@pytest.mark.parametrize("part", ["before", "during"])
def test_trouble_that_cannot_be_made_is_an_error_and_the_release_goes_back(part):
    def fail(self, world, at):
        if at == Moment("analysis", 1):
            raise ValueError("no such pod")

    record, world = perform(type("Broken", (Upset,), {part: fail, "name": "upset"})())
    assert "no such pod" in record.error
    assert world.closed == 1


def test_a_drill_on_the_world_is_refused_where_nothing_can_be_broken():
    record = Record("upset", TWINS["sound"], "order", "fake", "h", "v2", 200)
    Experiment(Upset(), TWINS["sound"], system(Shop()), record, TIMING).run()
    assert "lets it break nothing" in record.error


def test_a_drill_may_expect_another_end_of_a_twin():
    drill = type("Blind", (Canary,), {"expected": {"sound": "RolledBack"}})()
    assert drill.release(TWINS["sound"]).expected == "RolledBack"
    assert drill.release(TWINS["errors"]).expected == "RolledBack"
    assert Canary.release(TWINS["sound"]).expected == "Promoted"
    assert TWINS["sound"].expected == "Promoted"
