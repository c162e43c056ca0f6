"""Annotations: what happened when, as Grafana keeps it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from embedded.observatory.database import Database

Object = dict[str, Any]
Event = tuple[str, Object]

# Some hundred drills; the oldest go first.
LIMIT = 20_000
# A page that reads nothing for so many events is told no more of them.
_QUEUE = 1000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS annotations (
  id INTEGER PRIMARY KEY AUTOINCREMENT, created INTEGER, updated INTEGER, time INTEGER, time_end INTEGER, text TEXT,
  tags TEXT);
CREATE INDEX IF NOT EXISTS annotations_time ON annotations(time_end, time)
"""
_COLUMNS = "id, created, updated, time, time_end, text, tags"


class Annotations:
    """The annotations of one cluster.

    Args:
        folder: where the file is.
        limit: how many are kept.
    """

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        self._database = Database(folder / "annotations.db", _SCHEMA)
        self._limit = limit
        self._queues: set[asyncio.Queue[Event]] = set()

    def add(self, time_ms: int, end_ms: int, text: str, tags: Collection[str]) -> Object:
        """Keep a new annotation and return it; times are Unix time in ms."""
        now = _now()
        times = (now, now, time_ms, end_ms)
        insert = "INSERT INTO annotations (created, updated, time, time_end, text, tags) VALUES (?,?,?,?,?,?)"
        with self._database.transaction() as connection:
            made = connection.execute(insert, (*times, text, json.dumps(list(tags)))).lastrowid or 0
            connection.execute("DELETE FROM annotations WHERE id <= ?", (made - self._limit,))
        return self._tell("added", {"id": made, **_times(times), "text": text, "tags": list(tags)})

    def get(self, number: int) -> Object | None:
        """Return one annotation, None if there is none of that id."""
        with self._database.transaction() as connection:
            return _one(connection, number)

    def change(self, number: int, changes: Mapping[str, Any]) -> Object | None:
        """Change time, timeEnd, text or tags and return the annotation, None if there is none of that id."""
        columns = {"time": "time", "timeEnd": "time_end", "text": "text", "tags": "tags"}
        values = {columns[key]: json.dumps(value) if key == "tags" else value for key, value in changes.items()}
        values["updated"] = _now()
        assignments = ", ".join(f"{column} = ?" for column in values)
        with self._database.transaction() as connection:
            # The names of the columns are the four above.
            connection.execute(f"UPDATE annotations SET {assignments} WHERE id = ?", [*values.values(), number])  # noqa: S608
            found = _one(connection, number)
        return self._tell("changed", found) if found else None

    def delete(self, number: int) -> bool:
        """Delete one annotation; returns False if there is none of that id."""
        with self._database.transaction() as connection:
            found = _one(connection, number)
            connection.execute("DELETE FROM annotations WHERE id = ?", (number,))
        if found:
            self._tell("deleted", found)
        return found is not None

    def find(
        self,
        start_ms: int | None = None,
        end_ms: int | None = None,
        tags: Collection[str] = (),
        match_any: bool = False,
        limit: int = 100,
    ) -> list[Object]:
        """Return the annotations that touch a time and have all of some tags, or any of them; the newest first."""
        touching = "time <= ? AND time_end >= ? ORDER BY time_end DESC, time DESC"
        query = f"SELECT {_COLUMNS} FROM annotations WHERE {touching}"  # noqa: S608
        bounds = (2**62 if end_ms is None else end_ms, -1 if start_ms is None else start_ms)
        found: list[Object] = []
        with self._database.transaction() as connection:
            for row in connection.execute(query, bounds):
                if len(found) >= limit:
                    break
                annotation = _annotation(row)
                if _matches(annotation["tags"], tags, match_any):
                    found.append(annotation)
        return found

    @contextlib.contextmanager
    def subscribe(self) -> Iterator[asyncio.Queue[Event]]:
        """Give a queue into which every change goes: ("added", "changed" or "deleted", the annotation)."""
        queue: asyncio.Queue[Event] = asyncio.Queue(_QUEUE)
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)

    def _tell(self, what: str, annotation: Object) -> Object:
        for queue in self._queues:
            with contextlib.suppress(asyncio.QueueFull):
                queue.put_nowait((what, annotation))
        return annotation

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()


def _now() -> int:
    return int(time.time() * 1000)


def _one(connection: sqlite3.Connection, number: int) -> Object | None:
    row = connection.execute(f"SELECT {_COLUMNS} FROM annotations WHERE id = ?", (number,)).fetchone()  # noqa: S608
    return _annotation(row) if row else None


def _annotation(row: tuple[Any, ...]) -> Object:
    number, *times, text, tags = row
    return {"id": number, **_times(times), "text": text, "tags": json.loads(tags)}


def _times(values: Sequence[int]) -> Object:
    return dict(zip(("created", "updated", "time", "timeEnd"), values, strict=True))


def _matches(present: Collection[str], wanted: Collection[str], match_any: bool) -> bool:
    if not wanted:
        return True
    return any(tag in present for tag in wanted) if match_any else all(tag in present for tag in wanted)
