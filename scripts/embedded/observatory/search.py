"""Elasticsearch's search over the lines of the logs."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from embedded.observatory import fields
from embedded.observatory.log_store import LogStore
from embedded.observatory.query_dsl import QueryError, condition, has_words

Object = dict[str, Any]
INDEX = "logs-proving_ground-default"
# Elasticsearch's own bounds.
_SIZE, _WINDOW, _COUNTED = 10, 10_000, 10_000
_KNOWN = ("query", "sort", "size", "from", "track_total_hits", "_source")


class Logs:
    """The searchable lines of one cluster.

    Args:
        store: where they are.
    """

    def __init__(self, store: LogStore) -> None:
        self._store = store

    async def search(self, body: Object) -> Object:
        """Answer a search.

        Raises:
            QueryError: it asks for what the observatory does not have.
        """
        began = time.monotonic()
        hits = await self._store.database.read(lambda connection: _hits(connection, body))
        shards = {"total": 1, "successful": 1, "skipped": 0, "failed": 0}
        took = int((time.monotonic() - began) * 1000)
        return {"took": took, "timed_out": False, "_shards": shards, "hits": hits}


def _hits(connection: sqlite3.Connection, body: Object) -> Object:
    if unknown := set(body) - set(_KNOWN):
        raise QueryError("parsing_exception", f"unknown key [{min(unknown)}]: {', '.join(_KNOWN)} are supported")
    connection.create_function("has_words", 2, has_words, deterministic=True)
    where, values = condition(body.get("query", {"match_all": {}}))
    start, size = _whole(body, "from", 0), _whole(body, "size", _SIZE)
    if start + size > _WINDOW:
        raise QueryError("illegal_argument_exception", f"from + size must be at most [{_WINDOW}]: {start + size}")
    order = _order(body.get("sort"))
    statement = f"{fields.SELECTED} WHERE {where} ORDER BY {order or 'lines.id'} LIMIT ? OFFSET ?"
    rows = connection.execute(statement, [*values, size, start]).fetchall()
    return {
        **_total(connection, body.get("track_total_hits", True), where, values),
        "max_score": None,
        "hits": [_hit(row, bool(order), body.get("_source", True)) for row in rows],
    }


def _total(connection: sqlite3.Connection, tracked: Any, where: str, values: list[Any]) -> Object:
    """Return how many lines there are, counted up to a bound as Elasticsearch does."""
    if tracked is False:
        return {}
    bound = _COUNTED if tracked is True else int(tracked)
    statement = f"SELECT count(*) FROM ({fields.SELECTED} WHERE {where} LIMIT ?)"  # noqa: S608 - the values are bound
    found = connection.execute(statement, [*values, bound + 1]).fetchone()[0]
    return {"total": {"value": min(found, bound), "relation": "gte" if found > bound else "eq"}}


def _whole(body: Object, name: str, otherwise: int) -> int:
    value = body.get(name, otherwise)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise QueryError("illegal_argument_exception", f"[{name}] must be a whole number from 0, not {value!r}")
    return value


def _order(sort: Any) -> str:
    """Return the order as SQL, empty if none is asked for."""
    if not sort:
        return ""
    (only, *more) = sort if isinstance(sort, list) else [sort]
    field, wanted = next(iter(only.items())) if isinstance(only, dict) and len(only) == 1 else (only, "asc")
    direction = wanted.get("order", "asc") if isinstance(wanted, dict) else wanted
    if more or field != fields.TIME or direction not in ("asc", "desc"):
        raise QueryError("parsing_exception", f"sort by [{fields.TIME}] alone is supported, asc or desc: not {sort!r}")
    return f"time {direction}, lines.id {direction}"


def _hit(row: tuple[Any, ...], sorted_by_time: bool, source: Any) -> Object:
    if not isinstance(source, bool):
        raise QueryError("parsing_exception", "[_source] is supported as true or false")
    found: Object = {"_index": INDEX, "_id": str(row[0]), "_score": None}
    if source:
        found["_source"] = fields.document(row[1:])
    if sorted_by_time:
        found["sort"] = [row[1] // 1000]
    return found
