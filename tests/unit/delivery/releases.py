"""Releases simulated with the real judge on a ramp, look by look: what budgets are held against."""

from dataclasses import dataclass

import numpy as np

from delivery.judge.evidence import Baseline, Block, Evidence, Side
from delivery.judge.sequential import SequentialJudge
from delivery.judgement import Verdict
from delivery.planning.ramp import ALL

# Latency classes as the counters cut them: at the quantiles, at the objective's threshold, and a far tail.
SHARES = (0.25, 0.25, 0.25, 0.15, 0.05, 0.04, 0.009, 0.0009, 0.0001)
BOUNDS = (0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1.0)
BASELINE = Baseline(BOUNDS, SHARES, requests=4000, seconds=20.0)


@dataclass(frozen=True)
class Ended:
    """How a simulated release ended: its verdict, after how many looks, requests of the new version, failed ones."""

    verdict: Verdict
    looks: int
    requests: int
    failed: int


class Simulated:
    """The traffic of a release, and the judge that looks at it.

    Args:
        slo: thresholds.
        ramp: weights and demands.
        stable: share of errors of the stable version.
        seed: of the chance.
    """

    def __init__(self, slo, ramp, stable, seed):
        self.slo, self.ramp, self.stable = slo, ramp, stable
        self.chance = np.random.default_rng(seed)
        self.judge = SequentialJudge(slo)

    def release(self, errors, looks=400):
        """Walk a release whose new version has this share of errors to its end."""
        blocks = []
        for weight in self.ramp.weights:
            demand = self.ramp.demand(weight, self.slo.analysis.margins)
            verdict = Verdict.INCONCLUSIVE
            while verdict is Verdict.INCONCLUSIVE and len(blocks) < looks:
                blocks.append(self._block(weight, errors, len(blocks)))
                verdict = self.judge.examine(Evidence(tuple(blocks), BASELINE, demand)).verdict
            if verdict is not Verdict.PASSED:
                break
        new = [block.candidate for block in blocks]
        return Ended(verdict, len(blocks), sum(side.requests for side in new), sum(side.errors for side in new))

    def _block(self, weight, errors, number):
        share = weight / ALL
        new = self.chance.poisson(self.ramp.per_look * share)
        old = self.chance.poisson(self.ramp.per_look * (1 if weight == ALL else 1 - share))
        return Block(self._side(new, errors), self._side(old, self.stable), number, number + 1, weight)

    def _side(self, requests, errors):
        timed = tuple(int(count) for count in self.chance.multinomial(requests, SHARES))
        return Side(int(requests), int(self.chance.binomial(requests, errors)), timed)
