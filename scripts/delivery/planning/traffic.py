"""How much traffic a service has, before a release: what the gateway counted of it in the last seconds."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from cluster.prometheus import Prometheus, Series
from delivery.counters.sources import CANARY, Selection
from delivery.errors import DeliveryError

SERVER_ERROR = "5"
# Enough scrapes for a rate and for their interval, even of a Prometheus that scrapes every 5 s; seconds.
REACH = 30.0
# Requests of both versions together that a scrape has to bring before it is judged.
BLOCK = 25
# Without a request for so long, what comes then is new traffic, and its rate is measured from there; seconds. Between
# these, as long as the traffic takes to bring a block: three seconds are nothing in thin traffic, in dense a silence.
SHORTEST_SILENCE, SILENCE = 1.5, 5.0
# Scrapes that make a rate, and how long they are waited for where the traffic came a moment ago; seconds.
ENOUGH = 4
PATIENCE = 10.0
LOOK_AGAIN = 0.5


@dataclass(frozen=True)
class Traffic:
    """What a release may count on.

    Attributes:
        rate: requests a second at the gateway.
        scrape: seconds between two scrapes.
        errors: share of the requests that end in a 5xx.
    """

    rate: float
    scrape: float
    errors: float

    @property
    def look(self) -> float:
        """Return the seconds between two looks of the judge: as many scrapes as bring a block."""
        return self.scrape * max(1, math.ceil(BLOCK / (self.rate * self.scrape)))


@dataclass(frozen=True)
class _Growth:
    """What one series grew by between two scrapes."""

    since: float
    until: float
    requests: float
    failed: bool
    canary: bool


def measure(
    prometheus: Prometheus,
    namespace: str,
    service: str,
    since: float = 0.0,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Traffic:
    """Measure the traffic of a service at the gateway; where it has only just come, look until there is enough of it.

    Args:
        prometheus: who has the gateway's counters.
        namespace: of the service.
        service: its name.
        since: Unix time before which the service was not as it usually is.
        clock: monotonic seconds.
        sleep: waits for the next scrapes.

    Raises:
        DeliveryError: there is none, so that no release could ever be judged.
        PrometheusError: Prometheus cannot be asked.
    """
    selection, begun = Selection(namespace, service), clock()
    while True:
        series = prometheus.points(f"{selection.selector}[{REACH:g}s]")
        every = list(_growths(selection, series))
        growths = _since_it_came(every, since)
        if len({growth.until for growth in growths}) >= ENOUGH or clock() - begun >= PATIENCE:
            break
        sleep(LOOK_AGAIN)
    # Bursts with silences between them: what they bring altogether is all that can be said.
    growths = growths if _brings(growths) else [growth for growth in every if growth.since >= since]
    if not _brings(growths):
        raise DeliveryError(
            f"the gateway counted no request of {service} in the last {REACH:g} s: without traffic no version can be"
            " judged, so send some, or look whether Prometheus reads the gateway"
        )
    return _traffic(growths)


def _traffic(growths: list[_Growth]) -> Traffic:
    requests = sum(growth.requests for growth in growths)
    seconds = max(growth.until for growth in growths) - min(growth.since for growth in growths)
    # What a canary failed that was here a moment ago says nothing about what is usual.
    stable = [growth for growth in growths if not growth.canary]
    errors = sum(growth.requests for growth in stable if growth.failed)
    scrape = median(growth.until - growth.since for growth in growths)
    return Traffic(requests / seconds, scrape, errors / max(1.0, sum(growth.requests for growth in stable)))


def _growths(selection: Selection, series: Iterable[Series]) -> Iterator[_Growth]:
    for each in series:
        counted = selection.counted(each.labels)
        if counted is None or counted.code is None:
            continue
        failed = counted.code.startswith(SERVER_ERROR)
        for (since, before), (until, value) in pairwise(each.points):
            yield _Growth(since, until, value - before if value >= before else value, failed, counted.track == CANARY)


def _since_it_came(growths: list[_Growth], steady: float) -> list[_Growth]:
    """Return the newest growths back to the last long silence, and without the first that follows it.

    Traffic that came within a scrape interval fills a part of it only. New traffic is not taken for less than it is:
    by its rate the first users of a new version are counted. What was before the service was as usual counts as
    silence, however short the pause is that follows: whether it belongs to the traffic cannot be seen.
    """
    told = [growth for growth in growths if growth.since >= steady]
    busy = sorted({(growth.since, growth.until) for growth in told if growth.requests})
    if not busy:
        return []
    silence = min(SILENCE, max(SHORTEST_SILENCE, BLOCK / _pace(told)))
    came, last = -math.inf, -math.inf if len(told) < len(growths) else min(growth.since for growth in told)
    for since, until in busy:
        came = until if since - last >= silence else came
        last = until
    return [growth for growth in told if growth.since >= came]


def _brings(growths: list[_Growth]) -> bool:
    return any(growth.requests for growth in growths)


def _pace(growths: list[_Growth]) -> float:
    """Return how many requests a second come while any come."""
    busy = {(growth.since, growth.until) for growth in growths if growth.requests}
    return sum(growth.requests for growth in growths) / sum(until - since for since, until in busy)
