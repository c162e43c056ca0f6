"""Releases on the ramp of our plan: from a handful of canary requests a scrape upwards, as the evidence allows."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from bench.simulation.evidence import baseline, blocks
from bench.simulation.world import World, draw
from delivery.judge.evidence import Baseline, Block, Evidence
from delivery.judge.sequential import SequentialJudge
from delivery.judgement import Verdict
from delivery.planning.plan import Plan
from delivery.planning.ramp import Ramp, resolve
from delivery.planning.traffic import Traffic
from delivery.slo import Slo

SCRAPE_S = 1.0
# A release that lasts longer than this is judged at every fifth scrape only: it costs it some seconds and us an hour.
MINUTE_S, SELDOM_S = 60, 5


@dataclass(frozen=True)
class Walked:
    """How one release went.

    Attributes:
        verdict: Passed if it went up to the last weight and was proved there; Inconclusive if it ran out of time.
        seconds: how long it took.
        requests: requests of the new version.
        hurt: how many of them failed.
        weight: the last weight that it had.
    """

    verdict: Verdict
    seconds: int
    requests: int
    hurt: int
    weight: int


@dataclass(frozen=True)
class Walks:
    """Many releases of one world.

    Attributes:
        releases: each of them.
    """

    releases: Sequence[Walked]

    def share(self, verdict: Verdict) -> float:
        """Return the share that ended so."""
        return sum(each.verdict is verdict for each in self.releases) / len(self.releases)

    @property
    def seconds(self) -> float:
        """Return how long they took on average."""
        return statistics.fmean(each.seconds for each in self.releases)

    @property
    def requests(self) -> float:
        """Return the requests of the new version, on average."""
        return statistics.fmean(each.requests for each in self.releases)

    @property
    def hurt(self) -> float:
        """Return the failed ones among them, on average."""
        return statistics.fmean(each.hurt for each in self.releases)


@dataclass
class Walk:
    """One release on its way up.

    Attributes:
        slo: what the judge goes by, and what has to be proved.
        world: as it is; its weight does not matter.
        rng: what chance there is in it.
        longest: seconds after which it is given up.
    """

    slo: Slo
    world: World
    rng: np.random.Generator
    longest: int
    _seen: list[Block] = field(default_factory=list)
    _hurt: int = 0
    _requests: int = 0

    def to_the_end(self) -> Walked:
        """Shift and judge, each second, until the judge or the time ends it."""
        judge, ramp, measured = SequentialJudge(self.slo), ramp_of(self.slo, self.world), self._baseline()
        for weight in ramp.weights:
            demand = ramp.demand(weight, self.slo.analysis.margins)
            verdict = Verdict.INCONCLUSIVE
            while verdict is Verdict.INCONCLUSIVE and len(self._seen) < self.longest:
                self._second(weight, measured)
                if len(self._seen) <= MINUTE_S or len(self._seen) % SELDOM_S == 0:
                    verdict = judge.examine(Evidence(tuple(self._seen), measured, demand)).verdict
            if verdict is not Verdict.PASSED:
                break
        return Walked(verdict, len(self._seen), self._requests, self._hurt, weight)

    def _second(self, weight: int, measured: Baseline) -> None:
        traffic = draw(replace(self.world, weight=weight), 1, 1, self.rng)
        new, old = traffic.candidate[0], traffic.reference[0]
        self._seen += blocks(new, old, measured, [weight], len(self._seen))
        self._requests += int(new.sum())
        self._hurt += int(new[:, -1].sum())

    def _baseline(self) -> Baseline:
        threshold = self.slo.objectives.latency.threshold_seconds
        return baseline(self.world, int(self.slo.analysis.baseline_seconds), threshold, self.rng)


def ramp_of(slo: Slo, world: World) -> Ramp:
    """Return the ramp that the default plan comes to."""
    return replace(resolve(Plan(), Traffic(world.rate, SCRAPE_S, world.stable), slo), deadline=math.inf)


def walked(slo: Slo, world: World, releases: int, longest: int, rng: np.random.Generator) -> Walks:
    """Return what came of some releases of one world."""
    return Walks([Walk(slo, world, rng, longest).to_the_end() for _ in range(releases)])
