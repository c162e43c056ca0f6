"""What anyone would write first: a test for two shares, asked again each second until it says no.

Each look errs with a chance of alpha, and the looks add up: its false alarms are what sequential methods are for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from bench.rivals.policy import Watched
from bench.simulation.world import Counts, Floats


@dataclass(frozen=True)
class ZTest:
    """A one-sided z-test of the error shares of both versions, on everything since the beginning.

    Attributes:
        alpha: chance with which one look errs.
    """

    alpha: float = 0.01

    @property
    def name(self) -> str:
        """See `Policy.name`."""
        return f"z-test at {self.alpha:g}"

    def rolled_back(self, watched: Watched) -> int | None:
        """See `Policy.rolled_back`."""
        beyond = score(watched.candidate, watched.reference) > NormalDist().inv_cdf(1 - self.alpha)
        return int(np.argmax(beyond)) if beyond.any() else None


def score(candidate: Counts, reference: Counts) -> Floats:
    """Return how many standard deviations the new version's share of failed requests lies above the stable one's."""
    new, old = candidate.sum(axis=1), reference.sum(axis=1)
    bad, worse = reference[:, -1], candidate[:, -1]
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = (bad + worse) / (new + old)
        deviation = np.sqrt(pooled * (1 - pooled) * (1 / new + 1 / old))
        found = (worse / new - bad / old) / deviation
    return np.asarray(np.nan_to_num(found, nan=-math.inf, posinf=math.inf))
