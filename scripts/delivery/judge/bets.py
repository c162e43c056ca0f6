"""The bets on harm: what a bad new version may look like, written down before any user meets it.

A bet gives each class of requests a weight, and pays by how much more of that weight the new version has than chance
would have given it. A bet on what does not happen loses its stake and nothing else.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

from delivery.judge.evidence import Baseline
from delivery.judge.quantiles import NEAR_ALL, TAIL, first_class_beyond

# How much likelier a failed request is to be the new version's than one that did not fail.
ERROR_ODDS = (2.0, 5.0, 20.0, 200.0, 1e4)
# The middle is where most bad releases are; total failure needs no large stake.
ERROR_SHARES = (0.15, 0.25, 0.3, 0.2, 0.1)
# Steepness in standard deviations, should times be spread normally on some scale: a little slower throughout, or a lot.
SLOPES = (0.2, 0.7, 1.5)
# How much likelier a request in the slow tail is to be the new version's; beyond all that was ever seen, more so.
TAIL_ODDS = 3.0
FAR_TAIL_ODDS = 10.0
UNSEEN_ODDS = (20.0, 500.0)
# Half a request in each class: what was not seen in a short while is not impossible.
SMOOTHING = 0.5
NORMAL = NormalDist()


@dataclass(frozen=True, eq=False)
class Bets:
    """Some bets, and how the wealth is divided between them at first; told apart by identity, which is quick.

    Attributes:
        weights: of each bet, the logarithm of its weight for each class; classes of weight 0 are neutral.
        shares: of each bet, its share of what is placed; they add up to 1.
    """

    weights: tuple[tuple[float, ...], ...]
    shares: tuple[float, ...]


@lru_cache
def on_errors() -> Bets:
    """Return the bets on two classes: answered well, and failed."""
    return Bets(tuple((0.0, math.log(odds)) for odds in ERROR_ODDS), ERROR_SHARES)


@lru_cache
def on_latency(baseline: Baseline) -> Bets:
    """Return the bets on the latency classes of the baseline."""
    scores = _normal_scores(baseline)
    slopes = [tuple(slope * score for score in scores) for slope in SLOPES]
    bets = (*slopes, *_on_tails(baseline))
    return Bets(bets, (1 / len(bets),) * len(bets))


@lru_cache
def on_both(baseline: Baseline) -> Bets:
    """Return the bets on the latency classes and, as one more class at the end, errors: half of the wealth on either.

    For counts in which each request has one class, so that errors and times of one block come at the same time.
    """
    latency, errors = on_latency(baseline), on_errors()
    neutral = (0.0,) * len(baseline.shares)
    weights = [(*bet, 0.0) for bet in latency.weights] + [(*neutral, bet[1]) for bet in errors.weights]
    return Bets(tuple(weights), tuple(share / 2 for share in latency.shares + errors.shares))


def _on_tails(baseline: Baseline) -> list[tuple[float, ...]]:
    last = len(baseline.shares) - 1
    tails = [(TAIL_ODDS, first_class_beyond(baseline, TAIL)), (FAR_TAIL_ODDS, first_class_beyond(baseline, NEAR_ALL))]
    tails += [(odds, last) for odds in UNSEEN_ODDS]
    return [tuple(math.log(odds) if place >= begin else 0.0 for place in range(last + 1)) for odds, begin in tails]


def _normal_scores(baseline: Baseline) -> list[float]:
    """Return the mean of the normal distribution within each class, as if times were spread so on some scale."""
    classes = len(baseline.shares)
    whole = baseline.requests + SMOOTHING * classes
    shares = [(share * baseline.requests + SMOOTHING) / whole for share in baseline.shares]
    cuts = list(itertools.accumulate(shares))[:-1]
    heights = [0.0, *(NORMAL.pdf(NORMAL.inv_cdf(cut)) for cut in cuts), 0.0]
    return [(low - high) / share for (low, high), share in zip(itertools.pairwise(heights), shares, strict=True)]
