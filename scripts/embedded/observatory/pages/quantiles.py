"""Quantiles of a histogram, as Prometheus' histogram_quantile estimates them: one query answers for all of them."""

from __future__ import annotations

import math
from collections.abc import Mapping

QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def of(buckets: Mapping[float, float], share: float) -> float | None:
    """Return the value below which a share of the observations lies, None without observations.

    Args:
        buckets: observations up to each upper bound, the last bound infinite.
        share: between 0 and 1.
    """
    ordered = sorted(buckets.items())
    if not ordered or not math.isinf(ordered[-1][0]) or not ordered[-1][1] > 0:
        return None
    wanted, below, below_count = share * ordered[-1][1], 0.0, 0.0
    for bound, count in ordered:
        if count >= wanted:
            return below if math.isinf(bound) else _between(below, bound, (wanted - below_count), count - below_count)
        below, below_count = bound, count
    return None


def _between(low: float, high: float, rank: float, inside: float) -> float:
    return high if inside <= 0 else low + (high - low) * rank / inside
