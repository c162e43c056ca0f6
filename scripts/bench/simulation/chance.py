"""What a count of simulated releases says about a chance."""

from __future__ import annotations

from delivery.judge.binomial import upper_bound


def interval(hits: int, trials: int, doubt: float = 0.05) -> tuple[float, float]:
    """Return the chances that so many hits leave possible (Clopper and Pearson's interval, exact).

    Args:
        hits: how often it happened.
        trials: how often it could have, at least once.
        doubt: chance that the truth lies outside.
    """
    return 1 - upper_bound(trials - hits, trials, doubt / 2), upper_bound(hits, trials, doubt / 2)
