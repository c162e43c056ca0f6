"""How many responses a service sent and how long they took: what changes at every request, behind one lock.

To Prometheus it is a counter and a histogram, as the client library's own would be; a test compares the pages. The
library takes a lock and checks the arguments for each number and each exemplar: 5 of the 28 us that observing added to
a request, and 9 of 55 where it is traced.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from threading import Lock
from time import time

from prometheus_client import Metric
from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar, Sample
from prometheus_client.utils import floatToGoString

COUNTER = "http_requests"
HISTOGRAM = "http_request_duration_seconds"

Labels = Mapping[str, str]


class Series:
    """The responses with the same labels.

    Args:
        bounds: upper bounds of the buckets in seconds, ascending; the last one, infinity, is not among them.
    """

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._lock = Lock()
        self._counts = [0] * (len(bounds) + 1)
        self._exemplars: list[Exemplar | None] = [None] * len(self._counts)
        self._latest: Exemplar | None = None
        self._seconds = 0.0
        self._created = time()

    def observe(self, seconds: float, exemplar: dict[str, str] | None) -> None:
        """Count one response.

        Args:
            seconds: time taken.
            exemplar: labels of a trace that shows it.
        """
        bucket = bisect_left(self._bounds, seconds)
        with self._lock:
            self._counts[bucket] += 1
            self._seconds += seconds
            if exemplar:
                self._exemplars[bucket] = self._latest = Exemplar(exemplar, seconds, time())

    def samples(self, labels: Labels) -> Iterator[Sample]:
        """Return what Prometheus reads."""
        with self._lock:
            sums, exemplars = list(accumulate(self._counts)), list(self._exemplars)
            seconds, latest = self._seconds, self._latest
        one = latest and latest._replace(value=1.0)
        yield Sample(f"{COUNTER}_total", {**labels}, float(sums[-1]), None, one)
        yield Sample(f"{COUNTER}_created", {**labels}, self._created)
        for bound, total, exemplar in zip((*self._bounds, float("inf")), sums, exemplars, strict=True):
            bucket = {**labels, "le": floatToGoString(bound)}  # type: ignore[no-untyped-call]
            yield Sample(f"{HISTOGRAM}_bucket", bucket, float(total), None, exemplar)
        yield Sample(f"{HISTOGRAM}_count", {**labels}, float(sums[-1]))
        yield Sample(f"{HISTOGRAM}_sum", {**labels}, seconds)
        yield Sample(f"{HISTOGRAM}_created", {**labels}, self._created)


class Responses(Collector):
    """All responses of a service.

    Args:
        labels: names of the labels.
        bounds: upper bounds of the buckets in seconds, ascending.
    """

    def __init__(self, labels: Sequence[str], bounds: Sequence[float]) -> None:
        self._labels = labels
        self._bounds = bounds
        self._series: dict[tuple[str, ...], Series] = {}

    def series(self, *values: str) -> Series:
        """Return the responses with these values of the labels."""
        return self._series.setdefault(values, Series(self._bounds))

    def collect(self) -> Iterator[Metric]:
        """Return the counter and the histogram."""
        counter, histogram = (
            CounterMetricFamily(COUNTER, "Responses sent"),
            HistogramMetricFamily(HISTOGRAM, "Time to answer"),
        )
        for values, series in list(self._series.items()):
            labels = dict(zip(self._labels, values, strict=True))
            for sample in series.samples(labels):
                (counter if sample.name.startswith(f"{COUNTER}_") else histogram).samples.append(sample)
        yield counter
        yield histogram
