"""The spans: kept as they came, with a few columns beside them to find them by."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans, Span, Status

from embedded.observatory import resources_table
from embedded.observatory.database import Database
from embedded.observatory.resources_table import Enrich, Resources

# Some minutes of a drill's traffic, 500 bytes a span; what has an error stays longer, up to the second bound.
LIMIT, LAST_LIMIT = 200_000, 600_000
# As long as Prometheus keeps its figures.
MAX_AGE = 24 * 3600.0
# Spans wait for each other: a write of many costs little more than a write of one.
WAITING = 20_000
# Of the tables below.
VERSION = 1
_SCHEMA = f"""
{resources_table.SCHEMA};
CREATE TABLE IF NOT EXISTS spans (
  id INTEGER PRIMARY KEY, trace BLOB NOT NULL, resource INTEGER NOT NULL, name TEXT NOT NULL, start INTEGER NOT NULL,
  duration INTEGER NOT NULL, error INTEGER NOT NULL, scope TEXT NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS spans_trace ON spans(trace);
CREATE INDEX IF NOT EXISTS spans_start ON spans(start);
CREATE INDEX IF NOT EXISTS spans_error ON spans(trace) WHERE error;
CREATE TABLE IF NOT EXISTS operations (
  service TEXT, name TEXT, PRIMARY KEY (service, name)) WITHOUT ROWID
"""
_ID_LENGTH = 16
Row = tuple[bytes, int, str, int, int, int, str, bytes]
log = logging.getLogger(__name__)


class Spans:
    """The spans of one cluster, bounded in number and age.

    Args:
        folder: where the file is.
        enrich: what to add to a resource's attributes.
        limit: how many are kept of traces in which nothing failed.
        last_limit: how many are kept at all.
    """

    def __init__(
        self,
        folder: Path,
        enrich: Enrich = lambda _attributes: {},
        limit: int = LIMIT,
        last_limit: int = LAST_LIMIT,
    ) -> None:
        self.database = Database(folder / "traces.db", _SCHEMA, VERSION)
        self._resources = Resources(enrich)
        self._limits = (limit, last_limit)
        self._requests: list[ExportTraceServiceRequest] = []
        self._waiting = 0
        self._operations: set[tuple[str, str]] = set()

    def take(self, request: ExportTraceServiceRequest) -> int:
        """Take the spans of a request, to be written with those of others; returns how many were refused.

        Spans are refused when more wait than can be written: telemetry is not worth the machine's memory.
        """
        count = sum(len(scope.spans) for each in request.resource_spans for scope in each.scope_spans)
        if self._waiting + count > WAITING:
            return count
        self._requests.append(request)
        self._waiting += count
        return 0

    def flush(self) -> None:
        """Write what waits."""
        if not self._requests:
            return
        requests, self._requests, self._waiting = self._requests, [], 0
        try:
            with self.database.transaction() as connection:
                self._insert(connection, list(self._rows(connection, requests)))
        except BaseException:
            self._resources.forget()
            self._operations.clear()
            raise

    def _insert(self, connection: sqlite3.Connection, rows: list[Row]) -> None:
        columns = "trace, resource, name, start, duration, error, scope, body"
        connection.executemany(f"INSERT INTO spans ({columns}) VALUES (?,?,?,?,?,?,?,?)", rows)  # noqa: S608

    def _rows(self, connection: sqlite3.Connection, requests: list[ExportTraceServiceRequest]) -> Iterator[Row]:
        for request in requests:
            for each in request.resource_spans:
                number, service = self._resources.number(connection, each.resource)
                for scope in each.scope_spans:
                    self._note(connection, service, {span.name for span in scope.spans})
                    yield from _rows_of(scope, number)

    def _note(self, connection: sqlite3.Connection, service: str, names: set[str]) -> None:
        new = {(service, name) for name in names} - self._operations
        if new:
            connection.executemany("INSERT OR IGNORE INTO operations VALUES (?,?)", sorted(new))
            self._operations |= new

    def bound(self) -> None:
        """Forget the oldest traces beyond the bounds, those in which something failed last."""
        with self.database.transaction() as connection:
            newest = connection.execute("SELECT max(id) FROM spans").fetchone()[0] or 0
            ordinary, last = (newest - limit for limit in self._limits)
            _forget(connection, "id <= ?", ordinary, "AND trace NOT IN (SELECT trace FROM spans WHERE error)")
            _forget(connection, "id <= ?", last)
            _forget(connection, "start < ?", int((time.time() - MAX_AGE) * 1_000_000))

    def close(self) -> None:
        """Write what waits, and let go of the file."""
        self.flush()
        self.database.close()


def _forget(connection: sqlite3.Connection, condition: str, bound: int, but: str = "") -> None:
    """Delete whole traces, so that none is left in part."""
    old = f"SELECT trace FROM spans WHERE {condition} {but}"  # noqa: S608 - both are written above
    connection.execute(f"DELETE FROM spans WHERE trace IN ({old})", (bound,))  # noqa: S608


def _rows_of(scope: ScopeSpans, resource: int) -> Iterator[Row]:
    name = scope.scope.name
    for span in scope.spans:
        if len(span.trace_id) != _ID_LENGTH:
            # No trace can hold it; OTLP says to ignore it.
            continue
        start = span.start_time_unix_nano // 1000
        duration = max(span.end_time_unix_nano // 1000 - start, 0)
        error = span.status.code == Status.STATUS_CODE_ERROR
        yield span.trace_id, resource, span.name, start, duration, error, name, span.SerializeToString()


def parsed(body: bytes) -> Span:
    """Return a span as it came."""
    return Span.FromString(body)
