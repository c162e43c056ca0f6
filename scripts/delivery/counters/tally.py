"""What was counted: requests, errors and times by bound, and how it looks to a judge."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from delivery.judge.evidence import Side


@dataclass(frozen=True)
class Tally:
    """Requests of one version.

    Attributes:
        requests: all that were answered, or should have been.
        errors: those that ended in a 5xx.
        within: those whose time was measured, by the seconds that they took at most; infinity for all of them.
    """

    requests: int = 0
    errors: int = 0
    within: Mapping[float, int] = field(default_factory=dict)

    @property
    def timed(self) -> int:
        """Return how many had their time measured."""
        return self.within.get(math.inf, 0)

    def side(self, bounds: Sequence[float], *, times: bool = True) -> Side:
        """Return this as a judge is shown it, with latency classes cut at these bounds in seconds; or without times."""
        if not times or not self.timed:
            return Side(self.requests, self.errors, ())
        cuts = [0, *(self.within.get(bound, 0) for bound in bounds), self.timed]
        return Side(self.requests, self.errors, tuple(max(0, high - low) for low, high in itertools.pairwise(cuts)))


NOTHING = Tally()


@dataclass(frozen=True)
class Increase:
    """What one gateway counted between two of its scrapes.

    Attributes:
        gateway: which one.
        since: Unix time of the earlier scrape, by Prometheus' clock.
        until: Unix time of the later one.
        tracks: what was counted, by track.
    """

    gateway: str
    since: float
    until: float
    tracks: Mapping[str, Tally]

    def of(self, tracks: Collection[str] | None) -> Tally:
        """Return what was counted of some tracks; None for all of them, also of requests that reached nobody."""
        return total(each for track, each in self.tracks.items() if tracks is None or track in tracks)


def total(tallies: Iterable[Tally]) -> Tally:
    """Add tallies up."""
    requests = errors = 0
    within: dict[float, int] = {}
    for each in tallies:
        requests, errors = requests + each.requests, errors + each.errors
        for bound, number in each.within.items():
            within[bound] = within.get(bound, 0) + number
    return Tally(requests, errors, within)


def add(one: Side, other: Side) -> Side:
    """Add two sides up; one that holds no times adds none."""
    requests, errors = one.requests + other.requests, one.errors + other.errors
    if not one.timed or not other.timed:
        return Side(requests, errors, one.timed or other.timed)
    return Side(requests, errors, tuple(map(sum, zip(one.timed, other.timed, strict=True))))
