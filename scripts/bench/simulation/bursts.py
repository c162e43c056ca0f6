"""Errors that come in bursts: how often our judge blames the new version for them, and what tempering is worth."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bench.simulation.cells import Cell, ended
from bench.simulation.evidence import baseline
from bench.simulation.judged import Asked
from bench.simulation.world import World, draw
from delivery.judge.evidence import Baseline
from delivery.judge.sequential import SequentialJudge
from delivery.judge.tempering import dispersion
from delivery.slo import Slo


@dataclass(frozen=True)
class Tempered:
    """Our judge after a baseline of some length, in which it may have seen a burst.

    Attributes:
        slo: what it goes by.
        releases: how many are tried.
        seconds: how long each is watched.
        before: seconds of baseline; 0 for a judge that is told of no bursts.
    """

    slo: Slo
    releases: int
    seconds: int
    before: int

    def run(self, world: World, rng: np.random.Generator) -> Cell:
        """Return what came of equal versions whose errors come in bursts."""
        traffic = draw(world, self.releases, self.seconds, rng)
        pairs = zip(traffic.candidate, traffic.reference, strict=True)
        judge = SequentialJudge(self.slo)
        asked = (Asked(judge, self._baseline(world, rng), world.weight) for _ in range(self.releases))
        return Cell(
            [
                ended(new, ask.rolled_back(new, old, at_the_end=True))
                for ask, (new, old) in zip(asked, pairs, strict=True)
            ]
        )

    def _baseline(self, world: World, rng: np.random.Generator) -> Baseline:
        measured = baseline(world, 20, self.slo.objectives.latency.threshold_seconds, rng)
        return replace(measured, dispersion=self._dispersion(world, rng)) if self.before else measured

    def _dispersion(self, world: World, rng: np.random.Generator) -> float:
        """Return what a baseline shows of the bursts, when the stable version has all requests."""
        alone = draw(replace(world, weight=0), 1, self.before, rng).reference[0]
        return dispersion(list(alone[:, -1]), list(alone.sum(axis=1)))
