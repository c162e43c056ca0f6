"""The figures behind the pictures: slices of time, percentiles, and how sure an observed share is. Pure functions."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from drills.html.run import Request, Run

# The normal distribution's quantile for a band that holds the true share in 95 of 100 cases.
Z95 = 1.959964
# A page with more slices than this is no clearer, only larger: a long drill gets wider ones.
MOST_SLICES = 240
# With fewer requests the band of a share is too wide to tell 15 from 30 %: neighbours are taken together until then.
ENOUGH_FOR_A_SHARE = 30
# A rate from less than this part of a slice is an accident of where it was cut.
ENOUGH_FOR_A_RATE = 0.25
SHIFT = re.compile(r"^(\d+) % of the users to the canary$")


def wilson(hits: int, total: int, z: float = Z95) -> tuple[float, float]:
    """Return the bounds of Wilson's score interval for a share; unlike the usual one it holds near 0 and 1, too."""
    if not total:
        return 0.0, 1.0
    share, spread = hits / total, z * z / total
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / total + spread / (4 * total))
    return max(0.0, middle - half), min(1.0, middle + half)


def percentile(values: Sequence[float], percent: float) -> float | None:
    """Return the smallest value that so many percent of the values do not exceed, None without a value."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)] if ordered else None


@dataclass(frozen=True)
class Slice:
    """What was asked for in a span of time.

    Attributes:
        start_s: seconds since the drill started.
        seconds: how long it is.
        users_s: for how much of it users were there: the first and the last slice are cut into.
        requests: those that were due in it.
    """

    start_s: float
    seconds: float
    users_s: float
    requests: tuple[Request, ...]

    @property
    def middle_s(self) -> float:
        """Return its middle, where its figures are drawn."""
        return self.start_s + self.seconds / 2

    def by(self, service: str, version: str) -> list[Request]:
        """Return the requests to a service that a version answered; an empty version stands for no answer."""
        return [one for one in self.requests if one.service == service and one.version == version]

    def rate(self, service: str, version: str) -> float | None:
        """Return these requests per second, None where users were there for too short a time to tell."""
        if self.users_s < ENOUGH_FOR_A_RATE * self.seconds:
            return None
        return len(self.by(service, version)) / self.users_s

    def latency(self, service: str, version: str, percent: float) -> float | None:
        """Return a percentile of their latency in milliseconds, None if there were none."""
        return percentile([one.latency_ms for one in self.by(service, version)], percent)

    @property
    def failed(self) -> int:
        """Return how many requests failed, of any service."""
        return sum(bool(one.error) for one in self.requests)


def slices(run: Run) -> list[Slice]:
    """Cut the drill into seconds, or into spans of several if it was long."""
    width = max(1, math.ceil(run.end_s / MOST_SLICES))
    kept: list[list[Request]] = [[] for _ in range(math.ceil(run.end_s / width))]
    for one in run.requests:
        kept[min(len(kept) - 1, max(0, int(one.at_s // width)))].append(one)
    return [_slice(run, number * width, width, requests) for number, requests in enumerate(kept)]


def _slice(run: Run, start: float, width: float, requests: list[Request]) -> Slice:
    first, last = (run.requests[0].at_s, run.requests[-1].at_s) if run.requests else (0.0, 0.0)
    users = min(start + width, last) - max(start, first)
    return Slice(start, width, max(0.0, users), tuple(requests))


@dataclass(frozen=True)
class Weight:
    """From a moment on, so many percent of the users were to get the new version."""

    at_s: float
    percent: int


def weights(steps: Sequence[dict[str, Any]]) -> list[Weight]:
    """Return what was asked for over time, as the steps of the drill say it."""
    asked = [Weight(0.0, 0)]
    for step in steps:
        percent = _asked(step)
        if percent is not None and percent != asked[-1].percent:
            asked.append(Weight(step["started_s"], percent))
    return asked


def _asked(step: dict[str, Any]) -> int | None:
    """Return the weight that a step asks for from its start on, None if it asks for none."""
    match step["name"]:
        case "shift":
            found = SHIFT.match(step["detail"])
            return int(found[1]) if found else None
        case "switch" | "promote":
            return 100
        case "abort" | "go back":
            return 0
    return None


def asked_at(asked: Sequence[Weight], at_s: float) -> int:
    """Return the weight that was asked for at a moment."""
    return next(weight.percent for weight in reversed(asked) if weight.at_s <= at_s or weight is asked[0])


@dataclass(frozen=True)
class Share:
    """The share of the users' requests that the new version answered in a span, with its 95 % band (all 0 to 1)."""

    start_s: float
    end_s: float
    hits: int
    total: int

    @property
    def share(self) -> float:
        """Return the observed share."""
        return self.hits / self.total

    @property
    def band(self) -> tuple[float, float]:
        """Return between what bounds the true share lies in 95 of 100 cases."""
        return wilson(self.hits, self.total)


def shares(run: Run, cut: Sequence[Slice], asked: Sequence[Weight]) -> Iterator[Share]:
    """Yield the observed shares; slices with few requests are joined, but never across a change of the weight."""
    start, hits, total = 0.0, 0, 0
    for number, piece in enumerate(cut):
        answered = [one for one in piece.requests if one.service == run.service and one.version]
        start = piece.start_s if not total else start
        hits, total = hits + sum(one.version == run.new for one in answered), total + len(answered)
        end = piece.start_s + piece.seconds
        last = number + 1 == len(cut) or asked_at(asked, end) != asked_at(asked, piece.start_s)
        if total and (total >= ENOUGH_FOR_A_SHARE or last):
            yield Share(start, end, hits, total)
            hits = total = 0
