"""RED metrics of a service: rate, errors and duration by route, method, code and version, with exemplars.

One process serves, so the plain registry does: exemplars and the process' own figures stay, which the client
library's mode for several processes would drop.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from chassis.responses import Responses, Series

# Label values come from a fixed set, whatever a client sends: each new one would be kept for ever.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER_METHOD = "_OTHER"
UNMATCHED = "unmatched"
BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0)
QUERY_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)

_LABELS = ("service", "method", "route", "code", "version")


class Metrics:
    """The metrics of one service, in a registry of their own.

    Args:
        service: name of the service.
        version: its version.
    """

    def __init__(self, service: str, version: str) -> None:
        self._service = service
        self._version = version
        self.registry = CollectorRegistry(auto_describe=True)
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self._responses = Responses(_LABELS, BUCKETS)
        self.registry.register(self._responses)
        in_progress = Gauge(
            "http_requests_in_progress", "Requests being answered", ("service", "version"), registry=self.registry
        )
        self._queries = Histogram(
            "db_client_operation_duration_seconds",
            "Time of a database statement",
            ("service", "operation", "table", "version"),
            buckets=QUERY_BUCKETS,
            registry=self.registry,
        )
        # The requests that are being answered: a set is cheaper than the locks of a Gauge, which asks when it is read.
        self.in_progress: set[int] = set()
        in_progress.labels(service, version).set_function(lambda: len(self.in_progress))
        self._children: dict[tuple[str, str, int], Series] = {}

    def observe(self, method: str, route: str, code: int, seconds: float, exemplar: dict[str, str] | None) -> None:
        """Count one response.

        Args:
            method: HTTP method of the request.
            route: pattern of the route that answered, empty when there was none.
            code: HTTP status.
            seconds: time taken.
            exemplar: ids of a sampled trace that shows this request.
        """
        key = (method, route, code)
        series = self._children.get(key) or self._child(key)
        series.observe(seconds, exemplar)

    def observe_query(self, operation: str, table: str, seconds: float) -> None:
        """Count one statement.

        Args:
            operation: what it did, such as SELECT.
            table: with which table.
            seconds: time taken.
        """
        self._queries.labels(self._service, operation, table, self._version).observe(seconds)

    def expose(self, accept: str) -> tuple[bytes, str]:
        """Return the page that Prometheus reads and its media type, as OpenMetrics if it asks for that."""
        encode, media_type = choose_encoder(accept)
        return encode(self.registry), media_type

    def _child(self, key: tuple[str, str, int]) -> Series:
        """Find the label values once; only bounded keys are remembered."""
        method, route, code = key
        bounded = method if method in METHODS else OTHER_METHOD
        child = self._responses.series(self._service, bounded, route or UNMATCHED, str(code), self._version)
        if bounded == method:
            self._children[key] = child
        return child
