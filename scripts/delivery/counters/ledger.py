"""From the points of counters to what was counted between two scrapes, gateway by gateway.

All that one scrape brings has one timestamp, so both versions are seen at the same moment. Sums over gateways are never
formed before increases are: such a sum falls when a gateway leaves.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping

from cluster.prometheus import Points, Series
from delivery.counters.sources import Counted, Selection, Source
from delivery.counters.tally import Increase, Tally

SERVER_ERROR = "5"

Key = tuple[tuple[str, str], ...]
Values = dict[Key, float]


class Ledger:
    """Keeps the increases of the counters of one service.

    Points are fed in any portions, also overlapping ones. Where both sources are there Istio's counts, since it is
    whose gateway has the weights; a gateway that two jobs scrape counts once.

    Args:
        selection: the series of the service.
    """

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._known: dict[Key, Counted | None] = {}
        self._source: Source | None = None
        self._jobs: dict[str, str] = {}
        self._gateways: dict[str, _Gateway] = {}
        self.increases: list[Increase] = []
        self.bounds: set[float] = set()
        self.newest = -math.inf

    def feed(self, found: Iterable[Series]) -> list[Increase]:
        """Take in points and return what was counted up to those that are new, in order of time."""
        new = []
        for time, gateway, values in self._scrapes(found):
            place = self._gateways.setdefault(gateway, _Gateway(gateway))
            self.newest = max(self.newest, time)
            if (increase := place.advance(time, values, self._known)) is not None:
                new.append(increase)
        self.increases += new
        return new

    def _scrapes(self, found: Iterable[Series]) -> list[tuple[float, str, Values]]:
        """Return scrapes that are new, oldest first: everything that one of them brought."""
        scrapes: dict[tuple[float, str], Values] = defaultdict(dict)
        for key, counted, points in self._chosen(found):
            seen = self._gateways[counted.gateway].time if counted.gateway in self._gateways else -math.inf
            for time, value in points:
                if time > seen:
                    scrapes[time, counted.gateway][key] = value
        return [
            (time, gateway, values) for (time, gateway), values in sorted(scrapes.items(), key=lambda item: item[0])
        ]

    def _chosen(self, found: Iterable[Series]) -> list[tuple[Key, Counted, Points]]:
        known = []
        for each in found:
            key = tuple(sorted(each.labels.items()))
            if key not in self._known:
                self._known[key] = self._selection.counted(each.labels)
            if (counted := self._known[key]) is not None:
                known.append((key, counted, each.points))
        self._choose([counted for _key, counted, _points in known])
        return [each for each in known if self._counts(each[1])]

    def _choose(self, counted: list[Counted]) -> None:
        """Settle which source counts, and by which job each gateway is read; what is settled stays."""
        if self._source is None and counted:
            by_istio = any(each.source is Source.ISTIO for each in counted)
            self._source = Source.ISTIO if by_istio else Source.ENVOY
        for each in sorted((each for each in counted if each.source is self._source), key=lambda each: each.job):
            self._jobs.setdefault(each.gateway, each.job)
            if each.bound is not None:
                self.bounds.add(each.bound)

    def _counts(self, counted: Counted) -> bool:
        return counted.source is self._source and self._jobs[counted.gateway] == counted.job


class _Gateway:
    """The newest scrape of one gateway."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._values: Values | None = None
        self.time = -math.inf

    def advance(self, time: float, values: Values, known: Mapping[Key, Counted | None]) -> Increase | None:
        """Take in the next scrape and return what was counted since the one before; None for the first.

        A counter that falls, or that was away, began anew at zero; if the requests all together fall, the gateway did.
        A value that is no number says nothing: the one before stays. What the first scrape of a gateway holds may be
        from any time before, so it only is what to count from.
        """
        before, since = self._values, self.time
        old = before or {}
        values = {key: old.get(key, 0.0) if math.isnan(value) else value for key, value in values.items()}
        self._values, self.time = values, time
        if before is None:
            return None
        began_anew = _requests(values, known) < _requests(before, known)
        grown = {}
        for key, value in values.items():
            start = 0.0 if began_anew else before.get(key, 0.0)
            grown[key] = value - (start if value >= start else 0.0)
        return Increase(self._name, since, time, _tallies(grown, known))


def _requests(values: Values, known: Mapping[Key, Counted | None]) -> float:
    return sum(value for key, value in values.items() if (counted := known[key]) and counted.code is not None)


def _tallies(grown: Values, known: Mapping[Key, Counted | None]) -> dict[str, Tally]:
    """Sort what was counted by track."""
    requests: dict[str, float] = defaultdict(float)
    errors: dict[str, float] = defaultdict(float)
    within: dict[str, dict[float, float]] = defaultdict(lambda: defaultdict(float))
    for key, number in grown.items():
        counted = known[key]
        if counted is None:
            continue
        if counted.bound is not None:
            within[counted.track][counted.bound] += number
        else:
            requests[counted.track] += number
            errors[counted.track] += number if (counted.code or "").startswith(SERVER_ERROR) else 0
    return {
        track: Tally(
            round(requests[track]),
            round(errors[track]),
            {bound: round(number) for bound, number in within[track].items()},
        )
        for track in {*requests, *within}
    }
