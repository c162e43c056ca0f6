"""How long simulated requests take, as the histogram of a gateway sees it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

# Upper bounds in milliseconds, as dense where services answer as a gateway can be told to make them. Every policy reads
# the same ones.
BOUNDS_MS = (
    *(1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 125, 150),
    *(200, 250, 300, 400, 500, 600, 800, 1000, 1500, 2000, 2500, 5000, 10000),
)
# A service whose median is 20 ms and whose p99 is 64 ms.
MEDIAN_MS = 20.0
SPREAD = 0.5
NORMAL = NormalDist()

Shares = NDArray[np.float64]


@dataclass(frozen=True)
class Slowness:
    """In what way a version is slower than the stable one; by default in none.

    Attributes:
        factor: every request takes so many times as long.
        share: this share of the requests takes `extra_ms` longer still.
        extra_ms: in milliseconds.
    """

    factor: float = 1.0
    share: float = 0.0
    extra_ms: float = 0.0

    def shares(self) -> Shares:
        """Return the share of the requests in each class of BOUNDS_MS, and beyond the last one."""
        below = [
            (1 - self.share) * self._below(bound) + self.share * self._below(bound - self.extra_ms)
            for bound in BOUNDS_MS
        ]
        return np.diff([0.0, *below, 1.0])

    def _below(self, milliseconds: float) -> float:
        if milliseconds <= 0:
            return 0.0
        return NORMAL.cdf(math.log(milliseconds / (MEDIAN_MS * self.factor)) / SPREAD)
