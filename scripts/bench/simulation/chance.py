"""What a count of simulated releases says about a chance."""

from __future__ import annotations

import math

# Halvings of the interval [0, 1]: far finer than anything that is printed.
BISECTIONS = 50


def interval(hits: int, trials: int, doubt: float = 0.05) -> tuple[float, float]:
    """Return the chances that so many hits leave possible (Clopper and Pearson's interval, exact).

    Args:
        hits: how often it happened.
        trials: how often it could have, at least once.
        doubt: chance that the truth lies outside.
    """
    low = 1 - _highest(trials - hits, trials, doubt / 2)
    return low, _highest(hits, trials, doubt / 2)


def _highest(hits: int, trials: int, doubt: float) -> float:
    """Return the largest chance with which so few hits are not yet too unlikely."""
    if hits >= trials:
        return 1.0
    low, high = hits / trials, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(hits, trials, middle) > doubt else (low, middle)
    return high


def _at_most(hits: int, trials: int, chance: float) -> float:
    """Return how likely at most so many hits are."""
    if chance <= 0:
        return 1.0
    return math.fsum(math.exp(_log_likelihood(count, trials, chance)) for count in range(hits + 1))


def _log_likelihood(hits: int, trials: int, chance: float) -> float:
    choices = math.lgamma(trials + 1) - math.lgamma(hits + 1) - math.lgamma(trials - hits + 1)
    return choices + hits * math.log(chance) + (trials - hits) * math.log1p(-chance)
