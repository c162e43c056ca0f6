"""What chance allows: how often something may happen in a fixed number of trials."""

from math import comb

# One false alarm in ten thousand runs of a test.
CONFIDENCE = 0.9999


def bounds(trials, share, confidence=CONFIDENCE):
    """Return the least and the greatest number of hits within a two-sided interval of the binomial distribution."""
    tail = (1 - confidence) / 2
    chances = [comb(trials, hits) * share**hits * (1 - share) ** (trials - hits) for hits in range(trials + 1)]
    return _outside(chances, tail), trials - _outside(chances[::-1], tail)


def allows(hits, trials, share):
    """Tell whether so many hits fit a share."""
    least, most = bounds(trials, share)
    return least <= hits <= most


def _outside(chances, tail):
    """Return how many outcomes from the start on are together rarer than the tail."""
    total = 0.0
    for number, chance in enumerate(chances):
        total += chance
        if total > tail:
            return number
    return len(chances)
