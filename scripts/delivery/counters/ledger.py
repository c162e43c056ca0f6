"""From the gateway's counters to evidence: how many requests of each side ended badly since a moment."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cluster.prometheus import Series

REQUESTS = "release:requests:total"
BUCKETS = "release:duration_seconds:bucket"
# How far before its beginning a window looks for the values to count from; several scrapes, should some fail.
LOOKBACK = 30.0
SERVER_ERROR = "5"


@dataclass(frozen=True)
class Counts:
    """Requests of one side.

    Attributes:
        requests: all that were answered, or should have been.
        errors: those that ended in a 5xx.
        timed: those whose time was measured.
        slow: those of them that took longer than the threshold.
    """

    requests: int = 0
    errors: int = 0
    timed: int = 0
    slow: int = 0

    @property
    def error_share(self) -> float:
        """Return the share of errors, 0 without requests."""
        return self.errors / self.requests if self.requests else 0.0

    @property
    def slow_share(self) -> float:
        """Return the share of slow requests, 0 without any that was timed."""
        return self.slow / self.timed if self.timed else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return the counts and shares for a report."""
        return {**asdict(self), "error_share": round(self.error_share, 6), "slow_share": round(self.slow_share, 6)}


@dataclass(frozen=True)
class Evidence:
    """What is known about the new version and what it is compared with.

    Attributes:
        candidate: requests of the new version.
        reference: requests of the stable one, beside it or before it.
        seconds: how long the candidate's requests were counted.
        looks: how often a judge may be asked in this step, at most.
    """

    candidate: Counts
    reference: Counts
    seconds: float
    looks: int


@dataclass
class _Counter:
    """One series: the value to count from, the newest point, and what came in between."""

    value: float
    time: float
    increase: float = 0.0

    def advance(self, time: float, value: float) -> None:
        """Take in the next point; a counter that falls was reset to zero in between."""
        if time > self.time:
            self.increase += value - self.value if value >= self.value else value
            self.time, self.value = time, value


class Ledger:
    """Counts what the counters of one service grew by within a window of time.

    Raw points are fed in any portions, also overlapping ones. A series that appears within the window counts from zero
    if others of its metric were already there before it: then its first value is its increase. If nothing was there,
    nobody knows when its requests were, and it counts from its first value on.

    Args:
        since: Unix time after which the window begins, by Prometheus' clock.
        until: Unix time at which it ends, None for no end.
    """

    def __init__(self, since: float, until: float | None = None) -> None:
        self.since = since
        self.until = until
        self.newest = since
        self._counters: dict[tuple[tuple[str, str], ...], _Counter] = {}
        self._seen_before: set[str] = set()

    def feed(self, series: Iterable[Series]) -> bool:
        """Take in points and tell whether any of them is newer than what was known."""
        before = self.newest
        series = list(series)
        for each in series:
            if any(self.since - LOOKBACK <= time <= self.since for time, _value in each.points):
                self._seen_before.add(each.labels["__name__"])
        for each in series:
            self._take(each)
        return self.newest > before

    @property
    def seconds(self) -> float:
        """Return how much of the window the points cover."""
        return self.newest - self.since

    def counts(self, tracks: Iterable[str] | None, threshold: float) -> Counts | None:
        """Return the requests of these tracks (None: of all); None when the histogram has no bound at the threshold."""
        requests = errors = timed = fast = 0.0
        bounds = set()
        chosen = None if tracks is None else set(tracks)
        for key, counter in self._counters.items():
            labels = dict(key)
            if chosen is not None and labels.get("track") not in chosen:
                continue
            if labels["__name__"] == REQUESTS:
                requests += counter.increase
                errors += counter.increase if labels["code"].startswith(SERVER_ERROR) else 0
                continue
            bound = float(labels["le"])
            bounds.add(bound)
            timed += counter.increase if math.isinf(bound) else 0
            fast += counter.increase if math.isclose(bound, threshold) else 0
        if bounds and not any(math.isclose(bound, threshold) for bound in bounds):
            return None
        whole_timed = round(timed)
        return Counts(round(requests), round(errors), whole_timed, max(0, whole_timed - round(fast)))

    def _take(self, series: Series) -> None:
        key = tuple(sorted(series.labels.items()))
        counter = self._counters.get(key)
        for time, value in series.points:
            if not math.isfinite(value) or (self.until is not None and time > self.until):
                continue
            if counter is None or counter.time < time <= self.since:
                counter = self._counters[key] = self._begin(series.labels, time, value)
            counter.advance(time, value)
            self.newest = max(self.newest, time)

    def _begin(self, labels: Mapping[str, str], time: float, value: float) -> _Counter:
        if time > self.since and labels["__name__"] in self._seen_before:
            return _Counter(0.0, self.since)
        return _Counter(value, time)


def selector(namespace: str, service: str) -> str:
    """Return the selector of everything that the analysis reads about a service, in one query at one time."""
    return f'{{__name__=~"{REQUESTS}|{BUCKETS}",namespace="{namespace}",service="{service}"}}'
