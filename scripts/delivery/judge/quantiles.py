"""Where the baseline's quantiles lie among the latency classes, since a histogram knows its bounds and no others."""

from __future__ import annotations

import itertools

from delivery.judge.evidence import Baseline

TYPICAL = 0.5
TAIL = 0.99
NEAR_ALL = 0.999


def first_class_beyond(baseline: Baseline, quantile: float) -> int:
    """Return the first class beyond the bound that is nearest to a quantile of the baseline; never the fastest class.

    Raises:
        ValueError: the baseline has fewer than two classes, so nothing is slower than anything.
    """
    below = list(itertools.accumulate(baseline.shares))[:-1]
    if not below:
        raise ValueError("a baseline needs at least one bound of latency")
    return min(range(len(below)), key=lambda bound: abs(below[bound] - quantile)) + 1


def first_class_over(baseline: Baseline, seconds: float) -> int:
    """Return the first class of times over a threshold: the one after the last bound that does not exceed it.

    Raises:
        ValueError: no bound is at the threshold, so nobody knows which requests exceed it.
    """
    for place, bound in enumerate(baseline.bounds):
        if abs(bound - seconds) <= 1e-9 * seconds:
            return place + 1
    raise ValueError(f"the histogram has no bound at {seconds:g} s: choose another threshold")
