"""What the users get, by side: requests a second, share of errors and quantiles of the duration, from Prometheus."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from embedded.observatory.metrics_source import Metrics, Series
from embedded.observatory.pages import quantiles
from embedded.observatory.pages.focus import TRACK, Focus

# Six scrapes: a bad canary is found within three seconds, and its share is to be seen before it is gone.
WINDOW = "3s"
ALL = ""
# The gateway tells tracks apart; behind a selector there is only one, and the pods themselves tell their versions.
_GATEWAY = ("release:requests:total", "release:duration_seconds:bucket")
_PODS = ("http_requests_total", "http_request_duration_seconds_bucket")


@dataclass
class Tally:
    """What is counted at one time.

    Attributes:
        rate: requests a second by code.
        buckets: observations a second by upper bound in seconds.
    """

    rate: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    buckets: dict[float, float] = field(default_factory=lambda: defaultdict(float))

    def figures(self) -> dict[str, float | None]:
        """Return requests a second, errors in percent and quantiles in milliseconds; None where there is nothing."""
        total = sum(self.rate.values())
        failed = sum(rate for code, rate in self.rate.items() if code.startswith("5"))
        waits = {name: quantiles.of(self.buckets, share) for name, share in quantiles.QUANTILES.items()}
        return {
            "rate": round(total, 2),
            "errors": round(100 * failed / total, 2) if total > 0 else None,
            **{name: None if value is None else round(value * 1000, 2) for name, value in waits.items()},
        }


Tallies = Mapping[str, Tally]


async def now(metrics: Metrics, focus: Focus) -> Tallies:
    """Return what is counted now by value of the sides' label, and under ALL what the gateway counts.

    Raises:
        SourceError: Prometheus does not answer.
    """
    queries = _queries(focus)
    answers = await asyncio.gather(*(metrics.instant(query) for query, _label in queries))
    found: dict[str, Tally] = defaultdict(Tally)
    for (_query, label), series in zip(queries, answers, strict=True):
        for each in series:
            _add(found, each, label, each.points[-1][1])
    return found


async def lately(metrics: Metrics, focus: Focus, start: float, end: float) -> dict[float, Tallies]:
    """Return what was counted at each second from start to end (Unix time).

    Raises:
        SourceError: Prometheus does not answer.
    """
    queries = _queries(focus)
    answers = await asyncio.gather(*(metrics.range(query, start, end, 1) for query, _label in queries))
    found: dict[float, dict[str, Tally]] = defaultdict(lambda: defaultdict(Tally))
    for (_query, label), series in zip(queries, answers, strict=True):
        for each in series:
            for time, value in each.points:
                _add(found[time], each, label, value)
    return {time: found[time] for time in sorted(found)}


def _queries(focus: Focus) -> list[tuple[str, str]]:
    """Return the queries and the label of each that names the side, empty if it is for all."""
    where = f'{{namespace="{focus.namespace}",service="{focus.service}"}}'
    if focus.label == TRACK:
        return [(query, TRACK) for query in _pair(_GATEWAY, where, TRACK)]
    pods = _pair(_PODS, where, focus.label)
    return [*((query, ALL) for query in _pair(_GATEWAY, where, TRACK)), *((query, focus.label) for query in pods)]


def _pair(names: Iterable[str], where: str, label: str) -> list[str]:
    return [
        f"sum by ({label}, {kind}) (rate({name}{where}[{WINDOW}]))"
        for name, kind in zip(names, ("code", "le"), strict=True)
    ]


def _add(found: dict[str, Tally], series: Series, label: str, value: float) -> None:
    """Add one value to its side; what the gateway counts also to all."""
    sides = {series.labels.get(label, "") if label else ALL, *([ALL] if label in (ALL, TRACK) else [])}
    for side in sides if math.isfinite(value) else ():
        if "le" in series.labels:
            found[side].buckets[float(series.labels["le"])] += value
        else:
            found[side].rate[series.labels.get("code", "")] += value
