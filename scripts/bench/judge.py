"""The judge by simulation: what it costs to find a bad release, beside the policies of others on the same traffic."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bench.figures import Figure, Result, Target
from bench.room import Room
from bench.simulation import grid, tables, targets
from bench.simulation.bursts import Tempered
from bench.simulation.cells import Cell
from bench.simulation.contest import ERRORS_ONLY, OURS, Contest
from bench.simulation.ramped import Walks, walked
from bench.simulation.world import World
from delivery.slo import Slo, load_slo

SERVICE = "order"
SEED = 20261124
# Releases of each world: enough to tell a mean to a few percent.
FAILING, SLOW, SOUND_WITH_TIMES, BURSTING = 100, 30, 60, 60
# On the ramp: bad ones, and sound ones, which take long.
RAMPED, RAMPED_SOUND = 50, 6
# Seconds of sound releases in each world, so that each costs the same: 50 of the longest, 500 of the shortest.
SOUND_S = 100_000
# How long a bad release is watched: the slowest policy needs six minutes for what it is sure of.
WATCHED_S = 600
# False alarms are counted over so many requests of both versions.
REQUESTS, REQUESTS_WITH_TIMES = 100_000, 50_000
# Seconds of baseline in which bursts are looked for: none, the objectives' own, and enough to have seen some.
BEFORE_S = (0, 20, 600)

Scores = dict[World, dict[str, Cell]]


@dataclass
class Study:
    """All worlds, simulated one after the other.

    Attributes:
        slo: what our judge goes by.
        say: is told how far it is.
        rng: seeded, so that each run finds the same.
    """

    slo: Slo
    say: Callable[[str], None]
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(SEED))

    def contest(self, what: str, worlds: Iterable[World], made: Callable[[World], Contest]) -> Scores:
        """Let all policies judge releases in some worlds."""
        scores: Scores = {}
        for world in self._told(what, list(worlds)):
            scores[world] = made(world).run(world, self.rng)
        return scores

    def bursts(self) -> dict[World, dict[int, Cell]]:
        """Return what our judge makes of bursts of errors, by seconds of baseline before the release."""
        found: dict[World, dict[int, Cell]] = {}
        for world in self._told("bursts of errors", list(grid.bursting())):
            seconds = REQUESTS // world.rate
            found[world] = {
                before: Tempered(self.slo, BURSTING, seconds, before).run(world, self.rng) for before in BEFORE_S
            }
        return found

    def walks(self) -> dict[World, Walks]:
        """Return what becomes of releases on the ramp of the default plan."""
        worlds = self._told("the ramp", list(grid.on_the_ramp()))
        return {world: walked(self.slo, world, _ramped(world), WATCHED_S, self.rng) for world in worlds}

    def _told(self, what: str, worlds: list[World]) -> Iterator[World]:
        for place, world in enumerate(worlds):
            if place % max(1, len(worlds) // 4) == 0:
                self.say(f"{what}: {place} of {len(worlds)} worlds")
            yield world


def measure(room: Room) -> Result:
    """Simulate everything: a few minutes of one core."""
    slo = load_slo(SERVICE)
    study, alpha = Study(slo, room.say), slo.analysis.alpha
    failing = study.contest("failing releases", grid.failing(), lambda _: Contest(slo, FAILING, WATCHED_S))
    slow = study.contest("slow releases", grid.slow(), lambda _: Contest(slo, SLOW, WATCHED_S))
    sound = study.contest("sound releases", grid.sound(), lambda world: _sound(slo, world))
    timed = study.contest(
        "sound releases with times",
        grid.sound_with_times(),
        lambda world: _long(slo, SOUND_WITH_TIMES, REQUESTS_WITH_TIMES // world.rate),
    )
    walks = study.walks()
    return Result(
        figures=list(_bursts(study.bursts())),
        targets=_targets(failing, slow, sound, timed, walks, alpha),
        grids=[
            tables.detection(failing, alpha),
            tables.slowness(slow, alpha),
            tables.alarms({**sound, **timed}),
            tables.ramp(walks, failing),
        ],
        detail={"seed": SEED, "alpha": alpha, "cells": list(_rows({**failing, **slow, **sound, **timed}, alpha))},
    )


def _targets(
    failing: Scores, slow: Scores, sound: Scores, timed: Scores, walks: dict[World, Walks], alpha: float
) -> list[Target]:
    fixed = {world: cells[OURS].hurt for world, cells in failing.items()}
    ramped = {world: walk.hurt for world, walk in walks.items() if world in failing}
    return [
        targets.detection("errors", failing, alpha, ERRORS_ONLY),
        targets.detection("errors", failing, alpha, OURS),
        targets.detection("times", slow, alpha, OURS),
        targets.false_alarms("errors", sound, alpha, ERRORS_ONLY),
        targets.false_alarms("errors", sound, alpha, OURS),
        targets.false_alarms("errors and times", timed, alpha, OURS),
        targets.beside_flagger("at one weight", fixed, failing, sound),
        targets.beside_flagger("on the ramp", ramped, failing, sound),
    ]


def _sound(slo: Slo, world: World) -> Contest:
    seconds = REQUESTS // world.rate
    return _long(slo, SOUND_S // seconds, seconds)


def _long(slo: Slo, releases: int, seconds: int) -> Contest:
    return Contest(slo, releases, seconds, at_the_end=True)


def _ramped(world: World) -> int:
    return RAMPED if world.candidate > world.stable else RAMPED_SOUND


def _rows(scores: Scores, alpha: float) -> Iterator[dict[str, Any]]:
    for world, cells in scores.items():
        yield from (tables.row(world, cell, policy, alpha) for policy, cell in cells.items())


def _bursts(found: dict[World, dict[int, Cell]]) -> Iterator[Figure]:
    for world, cells in found.items():
        for before, cell in cells.items():
            low, high = cell.interval
            told = f"tempered by {before} s of baseline" if before else "untempered"
            remark = f"{grid.name(world)}; {told}; interval {low:.1%} to {high:.1%}"
            kind = "shared" if world.bursts and world.bursts.shared else "own"
            yield Figure(f"false_alarms_{kind}_bursts_{before}", round(cell.power * 100, 2), "%", remark)
