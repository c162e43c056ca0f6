"""Finding traces, in Jaeger's JSON."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from embedded.observatory import jaeger
from embedded.observatory.spans import Spans, parsed
from embedded.observatory.values import text

Object = dict[str, Any]
_COLUMNS = "trace, resource, name, start, duration, scope, body"
# A search by tags looks at so many spans at most: the newest.
_LOOKED_AT = 100_000
# Of these searches by tag the columns know the answer.
_ERROR = {"true": 1, "false": 0}


@dataclass(frozen=True)
class TraceQuery:
    """Which traces are wanted: those with a span that meets all of it.

    Attributes:
        service: the service of the span, empty for any.
        operation: its name, empty for any.
        tags: attributes of the span or its resource.
        start_us: no earlier start, Unix time in µs.
        end_us: no later start, Unix time in µs.
        min_us: no shorter duration, µs.
        max_us: no longer duration, µs.
        limit: how many traces at most.
    """

    service: str = ""
    operation: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    start_us: int | None = None
    end_us: int | None = None
    min_us: int | None = None
    max_us: int | None = None
    limit: int = 20


class Traces:
    """The traces of one cluster.

    Args:
        spans: what they are made of.
    """

    def __init__(self, spans: Spans) -> None:
        self._spans = spans

    async def services(self) -> list[str]:
        """Return the names of all services that have sent spans."""
        self._spans.flush()
        query = "SELECT DISTINCT service FROM operations ORDER BY service"
        return await self._spans.database.read(lambda connection: [row[0] for row in connection.execute(query)])

    async def operations(self, service: str) -> list[str]:
        """Return the names of a service's spans."""
        self._spans.flush()
        query = "SELECT name FROM operations WHERE service = ? ORDER BY name"
        return await self._spans.database.read(
            lambda connection: [row[0] for row in connection.execute(query, (service,))]
        )

    async def search(self, query: TraceQuery) -> list[Object]:
        """Return the traces that meet a query, in Jaeger's JSON, the newest first."""
        self._spans.flush()
        return await self._spans.database.read(lambda connection: _whole(connection, _found(connection, query)))

    async def several(self, trace_ids: Iterable[str]) -> list[Object]:
        """Return the traces of some ids (hexadecimal), in Jaeger's JSON, without those that do not exist."""
        self._spans.flush()
        wanted = [bytes.fromhex(trace_id.zfill(32)) for trace_id in trace_ids]
        return await self._spans.database.read(lambda connection: _whole(connection, wanted))

    async def get(self, trace_id: str) -> Object | None:
        """Return the trace of an id (hexadecimal), in Jaeger's JSON; None if there is none."""
        return next(iter(await self.several([trace_id])), None)


def _found(connection: sqlite3.Connection, query: TraceQuery) -> list[bytes]:
    """Return the ids of the traces that meet a query."""
    conditions, values = _conditions(query)
    tags = {key: value for key, value in query.tags.items() if key != "error" or value not in _ERROR}
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM spans WHERE {conditions} ORDER BY start DESC LIMIT {_LOOKED_AT}",  # noqa: S608
        values,
    )
    resources = _Attributes(connection)
    found: dict[bytes, None] = {}
    for row in rows:
        if len(found) >= query.limit:
            break
        if row[0] not in found and (not tags or _has(row, resources, tags)):
            found[row[0]] = None
    return list(found)


def _conditions(query: TraceQuery) -> tuple[str, list[Any]]:
    stated = {
        "resource IN (SELECT id FROM resources WHERE service = ?)": query.service or None,
        "name = ?": query.operation or None,
        "start >= ?": query.start_us,
        "start <= ?": query.end_us,
        "duration >= ?": query.min_us,
        "duration <= ?": query.max_us,
        "error = ?": _ERROR.get(query.tags.get("error", "")),
    }
    kept = {condition: value for condition, value in stated.items() if value is not None}
    return " AND ".join(kept) or "1", list(kept.values())


class _Attributes:
    """The attributes of resources, read once each."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: dict[int, Object] = {}

    def __getitem__(self, number: int) -> Object:
        if number not in self._known:
            query = "SELECT attributes FROM resources WHERE id = ?"
            self._known[number] = json.loads(self._connection.execute(query, (number,)).fetchone()[0])
        return self._known[number]


def _has(row: tuple[Any, ...], resources: _Attributes, tags: Mapping[str, str]) -> bool:
    _trace, resource, _name, _start, _duration, scope, body = row
    present = {key: text(value) for key, value in resources[resource].items()}
    present |= {each["key"]: text(each["value"]) for each in jaeger.tags(parsed(body), scope)}
    return all(present.get(key) == value for key, value in tags.items())


def _whole(connection: sqlite3.Connection, trace_ids: Iterable[bytes]) -> list[Object]:
    resources = _Attributes(connection)
    query = f"SELECT {_COLUMNS} FROM spans WHERE trace = ? ORDER BY start"  # noqa: S608
    traces = []
    for trace_id in trace_ids:
        rows = connection.execute(query, (trace_id,)).fetchall()
        spans = [(parsed(row[6]), row[5], resources[row[1]]) for row in rows]
        if spans:
            traces.append(jaeger.trace(trace_id.hex(), spans))
    return traces
