"""The lines of all logs, and up to where each file has been read: written together, so that none is lost or doubled."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from embedded.observatory.database import Database
from embedded.observatory.lines import Line, Origin

# Some minutes of a drill's traffic, 400 bytes a line; errors stay longer, up to the second bound.
LIMIT, LAST_LIMIT = 300_000, 900_000
# As long as Prometheus keeps its figures.
MAX_AGE = 24 * 3600.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS origins (
  id INTEGER PRIMARY KEY, namespace TEXT, pod TEXT, container TEXT, track TEXT, UNIQUE (namespace, pod, container));
CREATE TABLE IF NOT EXISTS positions (
  inode INTEGER PRIMARY KEY, origin INTEGER NOT NULL, position INTEGER NOT NULL, tail BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS lines (
  id INTEGER PRIMARY KEY, origin INTEGER NOT NULL, time INTEGER, dataset TEXT, trace TEXT, span TEXT, level TEXT,
  service TEXT, version TEXT, method TEXT, route TEXT, path TEXT, status INTEGER, duration INTEGER, message TEXT,
  more TEXT);
CREATE INDEX IF NOT EXISTS lines_time ON lines(time);
CREATE INDEX IF NOT EXISTS lines_trace ON lines(trace)
"""
_INSERT = f"INSERT INTO lines (origin, {', '.join(Line._fields)}) VALUES ({', '.join('?' * (len(Line._fields) + 1))})"  # noqa: S608


@dataclass(frozen=True)
class Position:
    """Up to where a file has been read.

    Attributes:
        offset: bytes read so far.
        tail: the last bytes before it, by which the place is found again when the file has been shortened.
    """

    offset: int = 0
    tail: bytes = b""


@dataclass(frozen=True)
class Progress:
    """What one look at a file has brought.

    Attributes:
        inode: the file.
        origin: where its lines come from.
        lines: the new lines.
        position: up to where it has been read with them.
    """

    inode: int
    origin: Origin
    lines: list[Line]
    position: Position


class LogStore:
    """The lines of one cluster, bounded in number and age.

    Args:
        folder: where the file is.
        limit: how many lines are kept that are no errors.
        last_limit: how many are kept at all.
    """

    def __init__(self, folder: Path, limit: int = LIMIT, last_limit: int = LAST_LIMIT) -> None:
        self.database = Database(folder / "logs.db", _SCHEMA)
        self._limits = (limit, last_limit)

    def write(self, progress: Iterable[Progress], gone: Iterable[int] = ()) -> None:
        """Keep new lines together with the positions after them, and forget files that are gone."""
        with self.database.transaction() as connection:
            for each in progress:
                origin = _origin(connection, each.origin)
                connection.executemany(_INSERT, [(origin, *line) for line in each.lines])
                row = (each.inode, origin, each.position.offset, each.position.tail)
                connection.execute("INSERT OR REPLACE INTO positions VALUES (?,?,?,?)", row)
            connection.executemany("DELETE FROM positions WHERE inode = ?", [(inode,) for inode in gone])

    def positions(self) -> dict[int, tuple[tuple[str, str, str], Position]]:
        """Return by inode how far each file had been read, and where its lines came from."""
        query = "SELECT inode, namespace, pod, container, position, tail FROM positions JOIN origins ON origin = id"
        with self.database.transaction() as connection:
            rows = connection.execute(query).fetchall()
        return {row[0]: (row[1:4], Position(row[4], row[5])) for row in rows}

    def bound(self) -> None:
        """Forget the oldest lines beyond the bounds, errors last."""
        with self.database.transaction() as connection:
            newest = connection.execute("SELECT max(id) FROM lines").fetchone()[0] or 0
            ordinary, last = (newest - limit for limit in self._limits)
            connection.execute("DELETE FROM lines WHERE id <= ? AND (level <> 'error' OR id <= ?)", (ordinary, last))
            connection.execute("DELETE FROM lines WHERE time < ?", (int((time.time() - MAX_AGE) * 1_000_000),))

    def close(self) -> None:
        """Let go of the file."""
        self.database.close()


def _origin(connection: sqlite3.Connection, origin: Origin) -> int:
    """Return the number of an origin, and write down what is known of it by now."""
    pod = origin.pod
    row = connection.execute(
        "INSERT INTO origins (namespace, pod, container, track) VALUES (?,?,?,?) ON CONFLICT DO UPDATE"
        " SET track = CASE excluded.track WHEN '' THEN track ELSE excluded.track END RETURNING id",
        (pod.namespace, pod.name, origin.container, pod.track),
    ).fetchone()
    return int(row[0])
