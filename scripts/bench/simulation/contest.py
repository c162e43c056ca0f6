"""All policies on the same traffic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bench.rivals.argo import Argo
from bench.rivals.flagger import Flagger
from bench.rivals.policy import Policy, Watched
from bench.rivals.ztest import ZTest
from bench.simulation.cells import Cell, ended
from bench.simulation.evidence import baseline
from bench.simulation.judged import Asked, errors_alone
from bench.simulation.world import Counts, Traffic, World, draw
from delivery.judge.sequential import SequentialJudge
from delivery.slo import Slo

OURS, ERRORS_ONLY = "this judge", "this judge, errors only"
# Flagger as a cautious and as a hasty team sets it; the last one is the fastest that its code allows, and the windows
# of a minute are its default. Argo Rollouts with its example's rate, looking at once or when there is something to see.
FLAGGERS = (Flagger(60, 5), Flagger(10, 2, 10), Flagger(10, 2), Flagger(10, 1))
RIVALS: tuple[Policy, ...] = (*FLAGGERS, Argo(delay=60), Argo(), ZTest())


@dataclass(frozen=True)
class Contest:
    """Whoever judges, on the same traffic of many releases.

    Attributes:
        slo: what our judge goes by.
        releases: how many of each world.
        seconds: how long each is watched.
        at_the_end: our judge is asked only once, when a release is over; that tells whether it ever said roll back.
    """

    slo: Slo
    releases: int
    seconds: int
    at_the_end: bool = False

    def run(self, world: World, rng: np.random.Generator) -> dict[str, Cell]:
        """Return what came of it, by policy, ours first."""
        traffic = draw(world, self.releases, self.seconds, rng)
        ask = self._ours(world, rng)
        cells = {OURS: _cell(traffic, lambda new, old: ask().rolled_back(new, old, self.at_the_end))}
        cells[ERRORS_ONLY] = _cell(traffic, lambda new, old: errors_alone(new, old, self.slo.analysis.alpha))
        for rival in RIVALS:
            cells[rival.name] = _cell(traffic, _asking(rival))
        return cells

    def _ours(self, world: World, rng: np.random.Generator) -> Callable[[], Asked]:
        """Return what makes our judge for a release, which has a baseline of its own."""
        judge, settings = SequentialJudge(self.slo), self.slo.analysis
        threshold, seconds = self.slo.objectives.latency.threshold_seconds, int(settings.baseline_seconds)
        return lambda: Asked(judge, baseline(world, seconds, threshold, rng), world.weight)


def _asking(rival: Policy) -> Callable[[Counts, Counts], int | None]:
    return lambda new, old: rival.rolled_back(Watched(new, old))


def _cell(traffic: Traffic, judged: Callable[[Counts, Counts], int | None]) -> Cell:
    pairs: Sequence[tuple[Counts, Counts]] = list(zip(traffic.candidate, traffic.reference, strict=True))
    return Cell([ended(new, judged(new, old)) for new, old in pairs])
