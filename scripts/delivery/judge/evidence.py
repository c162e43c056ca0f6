"""What a judge is shown: both versions side by side, block by block, and what this step has to prove."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Side:
    """What one version did within a block.

    Attributes:
        requests: all that were answered, or should have been.
        errors: those that ended in a 5xx.
        timed: those whose time was measured, by latency class, the fastest class first.
    """

    requests: int
    errors: int
    timed: tuple[int, ...]


@dataclass(frozen=True)
class Block:
    """What happened between two scrapes, with one weight all the while unless it says otherwise.

    Errors come from counters and times from histograms, which a proxy may publish later: a block may hold no time at
    all, and the times of two blocks at once may stand in the second. Each kind is evidence by itself.

    Attributes:
        candidate: what the new version did.
        reference: what the stable version did, beside it or, in blue-green, before it.
        since: Unix time at which it begins, by Prometheus' clock.
        until: Unix time at which it ends.
        weight: share of the users on the new version, in percent; if mixed, the largest that it had.
        mixed: whether the weight changed meanwhile. Then requests of the stable version may be from another time than
            those of the new one, and all that is known of a request is that it was the new version's with at most the
            chance that the weight gives it.
    """

    candidate: Side
    reference: Side
    since: float
    until: float
    weight: int
    mixed: bool = False


@dataclass(frozen=True)
class Baseline:
    """What was measured of the stable version before any user met the new one.

    Attributes:
        bounds: upper bounds of the latency classes in seconds, ascending; a last class holds what is beyond them all.
        shares: share of the baseline's requests in each class, one more than there are bounds; they add up to 1.
        requests: how many requests it rests on.
        seconds: how long they took to come.
        dispersion: Fano factor of counts of errors, at least 1: more where they come in bursts.
        slow_dispersion: likewise of counts of requests beyond any of the bounds: slowness that comes in spells.
        allowed: the bounds at which the new version's classes are cut instead, by what it may be slower; empty if none.
    """

    bounds: tuple[float, ...]
    shares: tuple[float, ...]
    requests: int
    seconds: float
    dispersion: float = 1.0
    slow_dispersion: float = 1.0
    allowed: tuple[float, ...] = ()


@dataclass(frozen=True)
class Demand:
    """By how much the new version's shares may exceed the stable one's at most: what a step has to prove.

    Early steps demand little, since their next scrape hurts few; the last one demands the margins of the SLO file.

    Attributes:
        errors: of requests that fail.
        slow: of requests that take longer than the objective's threshold.
        typical: of requests that take longer than half of the baseline's did.
        tail: of requests that take longer than 99 in 100 of the baseline's did.
    """

    errors: float
    slow: float
    typical: float
    tail: float


@dataclass(frozen=True)
class Evidence:
    """All that is known in one release at one moment; a judge remembers nothing else.

    Attributes:
        blocks: since the first user met the new version, oldest first, over all weights.
        baseline: of the stable version.
        demand: what has to be proved now.
    """

    blocks: tuple[Block, ...]
    baseline: Baseline
    demand: Demand
