"""What a policy is asked, and what Prometheus tells it about one simulated release."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from bench.simulation.times import BOUNDS_MS
from bench.simulation.world import Counts


class Policy(Protocol):
    """Somebody who watches a release and may roll it back.

    Attributes:
        name: how it is called in the table.
    """

    @property
    def name(self) -> str:
        """How it is called in the table."""

    def rolled_back(self, watched: Watched) -> int | None:
        """Return the second at whose end it rolls the release back, None if it does not."""


class Watched:
    """One release as queries see it: scraped each second, all its counters born with the first request they count.

    Args:
        candidate: counts of the new version by second and class, failed last.
        reference: the stable version's.
    """

    def __init__(self, candidate: Counts, reference: Counts) -> None:
        self.seconds = len(candidate)
        self.candidate, self.reference = _running(candidate), _running(reference)

    def success_percent(self, until: int, window: int) -> float | None:
        """Return the new version's share of requests without a 5xx within a window, in percent.

        None if there is no such series: a counter of good answers appears with the first of them. Not a number if
        there are series but no requests in the window, since 0 is then divided by 0.
        """
        if not self.candidate[until, :-1].sum():
            return None
        within = self._within(until, window)
        whole = within.sum()
        return float(100 * within[:-1].sum() / whole) if whole else math.nan

    def quantile_ms(self, quantile: float, until: int, window: int) -> float | None:
        """Return a quantile of the new version's times as Prometheus' histogram_quantile has it, in milliseconds.

        None without times.
        """
        within = self._within(until, window)[:-1]
        if len(within) != len(BOUNDS_MS) + 1 or not within.sum():
            return None
        return interpolated(quantile, within, BOUNDS_MS)

    @property
    def timed(self) -> bool:
        """Tell whether the times of requests are known."""
        return bool(self.candidate.shape[1] == len(BOUNDS_MS) + 2)

    def _within(self, until: int, window: int) -> Counts:
        return np.asarray(self.candidate[until] - self.candidate[max(0, until - window)])


def _running(counts: Counts) -> Counts:
    """Return counters: what they show at the beginning and after each second."""
    return np.concatenate([np.zeros((1, counts.shape[1]), counts.dtype), np.cumsum(counts, axis=0)])


def interpolated(quantile: float, counts: Sequence[int] | Counts, bounds: Sequence[float]) -> float:
    """Return a quantile as Prometheus' histogram_quantile has it: evenly within a class, the last bound beyond it.

    Args:
        quantile: between 0 and 1.
        counts: of each class; together more than none.
        bounds: upper bounds of the classes, one fewer than there are.
    """
    below = np.cumsum(counts)
    rank = quantile * below[-1]
    place = int(np.searchsorted(below, rank))
    if place == len(bounds):
        return float(bounds[-1])
    low, before = (bounds[place - 1], below[place - 1]) if place else (0, 0)
    return float(low + (bounds[place] - low) * (rank - before) / counts[place])
