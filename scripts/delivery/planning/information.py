"""How much one request tells, in nats: the bounds that no judge can beat, and from which budgets are computed."""

from __future__ import annotations

import math
from dataclasses import dataclass

# Halvings of an interval of shares: told apart to one in a million million.
BISECTIONS = 40


@dataclass(frozen=True)
class Pair:
    """A share of bad requests of each version, and how many of the requests are the new version's.

    Attributes:
        new: share of the new version's requests.
        stable: share of the stable version's.
        part: part of all requests that goes to the new version, between 0 and 1.
    """

    new: float
    stable: float
    part: float

    @property
    def pooled(self) -> float:
        """Return the share of all requests."""
        return self.part * self.new + (1 - self.part) * self.stable


def divergence(share: float, other: float) -> float:
    """Return what one request of this share tells against the other share (Kullback and Leibler's)."""
    return _gain(share, share, other)


def harm(pair: Pair) -> float:
    """Return what a request, of whichever version, tells against "both versions have one share"."""
    return pair.part * divergence(pair.new, pair.pooled) + (1 - pair.part) * divergence(pair.stable, pair.pooled)


def safety(pair: Pair, margin: float) -> float:
    """Return what a request tells for "no difference" against "the new version is worse by the margin or more".

    It is negative where the new version is nearer to the margin than to the stable version.
    """
    stable = _projected(pair.pooled, pair.part, margin)
    new = _gain(pair.new, pair.pooled, stable + margin)
    return pair.part * new + (1 - pair.part) * _gain(pair.stable, pair.pooled, stable)


def _projected(share: float, part: float, margin: float) -> float:
    """Return the stable version's share in that world with the margin which is hardest to tell from no difference."""
    low, high = 0.0, min(share, 1 - margin)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if part * _slope(share, middle + margin) + (1 - part) * _slope(share, middle) < 0:
            low = middle
        else:
            high = middle
    return high


def _slope(share: float, other: float) -> float:
    return (other - share) / (other * (1 - other))


def _gain(share: float, believed: float, other: float) -> float:
    """Return the mean of log(believed / other) over requests of this share."""
    bad = share * math.log(believed / other) if share else 0.0
    return bad + (1 - share) * math.log((1 - believed) / (1 - other)) if share < 1 else bad
