"""What came of many releases of one world under one policy."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.simulation.chance import interval
from bench.simulation.world import Counts


@dataclass(frozen=True)
class Ended:
    """One release.

    Attributes:
        second: at whose end it was rolled back, None if it was not.
        requests: requests of the new version until then, or until nobody watched any more.
        hurt: how many of them failed.
    """

    second: int | None
    requests: int
    hurt: int


def ended(candidate: Counts, second: int | None) -> Ended:
    """Return how a release ended that was rolled back at the end of a second, or never.

    Args:
        candidate: counts of the new version by second and class, failed last.
        second: None for never.
    """
    until = candidate[:second]
    return Ended(second, int(until.sum()), int(until[:, -1].sum()))


@dataclass(frozen=True)
class Cell:
    """What came of all releases of one world under one policy.

    Attributes:
        releases: each of them.
    """

    releases: Sequence[Ended]

    @property
    def found(self) -> int:
        """Return how many were rolled back."""
        return sum(each.second is not None for each in self.releases)

    @property
    def power(self) -> float:
        """Return the share that was rolled back."""
        return self.found / len(self.releases)

    @property
    def interval(self) -> tuple[float, float]:
        """Return the chances of being rolled back that this leaves possible, at 95 %."""
        return interval(self.found, len(self.releases))

    @property
    def seconds(self) -> float:
        """Return after how many seconds a release was rolled back, on average over those that were."""
        return _mean(each.second for each in self.releases if each.second is not None)

    @property
    def requests(self) -> float:
        """Return the requests of the new version, on average; too few where not all were rolled back."""
        return _mean(each.requests for each in self.releases)

    @property
    def hurt(self) -> float:
        """Return the failed ones among them, on average."""
        return _mean(each.hurt for each in self.releases)


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return statistics.fmean(found) if found else math.nan
