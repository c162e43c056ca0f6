"""Requests through the gateway of a running cluster, and everything that they leave behind."""

from __future__ import annotations

import json
import secrets
import time
import urllib.request
from collections.abc import Sequence

from tests.signals.matrix import KINDS, PAGES, Entry, Seen, Values, gaps, load, request_of

from cluster.client import Cluster
from cluster.elasticsearch import Elasticsearch
from cluster.errors import Absent
from cluster.jaeger import Jaeger
from cluster.prometheus import Prometheus

# Lines and spans come in batches: on a cluster tail sampling waits for ten seconds, and Filebeat and Logstash add some.
DEADLINE = 45.0
PAUSE = 0.5
TIMEOUT = 10.0


class Walk:
    """The walk over one cluster.

    Args:
        cluster: the shop's.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._prometheus = Prometheus(cluster)
        self._jaeger = Jaeger(cluster)
        self._logs = Elasticsearch(cluster)
        self._user = ""

    def go(self, deadline: float = DEADLINE, service: str = "order") -> tuple[list[Entry], Seen]:
        """Send the request of a service and wait for its signals, in the end for the deadline.

        Args:
            deadline: seconds.
            service: whose page of the matrix to walk.

        Returns:
            the page for the version that answered, and what was seen.
        """
        method, path = request_of(PAGES[service])
        body = self._order() if method == "POST" else None
        seen = Seen(before=self._values(self._matrix(service, "v1")))
        trace_id = secrets.token_hex(16)
        _answer, version = self._ask(path, body, trace_id)
        entries = self._matrix(service, version)
        until = time.monotonic() + deadline
        while gaps(entries, seen, self.sources()) and time.monotonic() < until:
            time.sleep(PAUSE)
            self._look(entries, trace_id, seen)
        return entries, seen

    def sources(self) -> Sequence[str]:
        """Return the kinds of signals that this cluster keeps."""
        return [kind for kind in KINDS if not self.absent(kind)]

    def absent(self, kind: str) -> str:
        """Return why a kind of signal cannot be seen on this cluster, empty if it can."""
        look = {"span": lambda: self._jaeger.trace("0" * 31 + "1"), "log": lambda: self._logs.lines(["none"])}
        try:
            look.get(kind, lambda: None)()
        except Absent as error:
            return str(error)
        return ""

    def _matrix(self, service: str, version: str) -> list[Entry]:
        return load(PAGES[service], version=version, namespace=self._cluster.namespace)

    def _order(self) -> dict[str, object]:
        if not self._user:
            user, _version = self._ask("/users", {"name": "Signal", "email": f"{secrets.token_hex(8)}@example.org"})
            self._user = user["id"]
        return {"user_id": self._user, "items": [{"name": "signal", "quantity": 1, "unit_price_cents": 100}]}

    def _look(self, entries: Sequence[Entry], trace_id: str, seen: Seen) -> None:
        seen.after = self._values(entries)
        sources = self.sources()
        if "span" in sources:
            trace = self._jaeger.trace(trace_id)
            seen.spans = trace.spans if trace else ()
        if "log" in sources:
            seen.lines = self._logs.lines([trace_id])

    def _values(self, entries: Sequence[Entry]) -> dict[str, Values]:
        found = {entry.part: self._prometheus.instant(entry.metric) for entry in entries if entry.metric}
        return {
            part: {frozenset(sample.labels.items()): sample.value for sample in samples}
            for part, samples in found.items()
        }

    def _ask(self, path: str, body: object, trace_id: str = "") -> tuple[dict[str, str], str]:
        """Send what a user would, and return the answer and the version that gave it."""
        headers = {"Content-Type": "application/json"}
        if trace_id:  # tail sampling is told to keep this one
            headers |= {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01", "tracestate": "proving-ground=keep"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._cluster.gateway_url + path, data, headers)
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=TIMEOUT) as answer:
            return json.loads(answer.read()), answer.headers["X-App-Version"]
