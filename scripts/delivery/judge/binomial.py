"""The exact binomial quantities that judging needs: no normal approximation, since bad requests are few."""

from __future__ import annotations

import math

# Terms of a sum that are smaller than this share of it change nothing.
NEGLIGIBLE = 1e-17
# Halvings of the interval [0, 1]: shares are told apart to one in a million million.
BISECTIONS = 40


def upper_tail(successes: int, trials: int, share: float) -> float:
    """Return the chance of at least so many successes in so many independent trials of this share."""
    if successes <= 0 or share >= 1:
        return 1.0
    if share <= 0 or successes > trials:
        return 0.0
    if successes <= trials * share:
        return 1 - lower_tail(successes - 1, trials, share)
    odds = share / (1 - share)
    term = total = math.exp(_log_probability(successes, trials, share))
    for count in range(successes, trials):
        term *= (trials - count) / (count + 1) * odds
        total += term
        if term < total * NEGLIGIBLE:
            break
    return total


def lower_tail(successes: int, trials: int, share: float) -> float:
    """Return the chance of at most so many successes in so many independent trials of this share."""
    if successes >= trials or share <= 0:
        return 1.0
    if successes < 0 or share >= 1:
        return 0.0
    if successes >= trials * share:
        return 1 - upper_tail(successes + 1, trials, share)
    odds = share / (1 - share)
    term = total = math.exp(_log_probability(successes, trials, share))
    for count in range(successes, 0, -1):
        term *= count / (trials - count + 1) / odds
        total += term
        if term < total * NEGLIGIBLE:
            break
    return total


def upper_bound(successes: int, trials: int, alpha: float) -> float:
    """Return the largest share that so many successes do not rule out at this error (Clopper and Pearson's bound)."""
    if trials == 0 or successes >= trials:
        return 1.0
    low, high = successes / trials, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if lower_tail(successes, trials, middle) > alpha:
            low = middle
        else:
            high = middle
    return high


def _log_probability(successes: int, trials: int, share: float) -> float:
    failures = trials - successes
    choices = math.lgamma(trials + 1) - math.lgamma(successes + 1) - math.lgamma(failures + 1)
    return choices + successes * math.log(share) + failures * math.log1p(-share)
