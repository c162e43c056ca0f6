"""The observatory's SQLite files: written in the event loop a batch at a time, read in a thread beside it.

They survive the death of the observatory, not that of the machine (synchronous=OFF): a write never waits for the disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
log = logging.getLogger(__name__)


class Database:
    """One SQLite file.

    Args:
        file: where it is; made if it is not there, and begun anew if it is damaged or of another version.
        schema: the statements that make its tables.
        version: to be raised whenever the schema changes.
    """

    def __init__(self, file: Path, schema: str, version: int = 1) -> None:
        self._file = file
        self._schema = schema
        self._version = version
        self._writer = self._sound()
        self._reader = self._connect()
        self._reader.execute("PRAGMA query_only=ON")
        self._reading = threading.Lock()

    def _sound(self) -> sqlite3.Connection:
        try:
            return self._prepared()
        except sqlite3.DatabaseError as error:
            log.warning("%s is begun anew: %s", self._file, error)
            for suffix in ("", "-wal", "-shm"):
                self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
            return self._prepared()

    def _prepared(self) -> sqlite3.Connection:
        connection = self._connect()
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found not in (0, self._version):
            connection.close()
            raise sqlite3.DatabaseError(f"it is of version {found}, not {self._version}")
        connection.executescript(f"BEGIN; {self._schema}; PRAGMA user_version={self._version}; COMMIT;")
        return connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=OFF", "busy_timeout=5000", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give the connection that writes, within a transaction that is undone if an exception leaves it."""
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            yield self._writer
        except BaseException:
            self._writer.execute("ROLLBACK")
            raise
        self._writer.execute("COMMIT")

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what a function reads, in a thread: a long query holds nobody up but the next query."""
        return await asyncio.to_thread(self._read, work)

    def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with self._reading:
            return work(self._reader)

    def close(self) -> None:
        """Let go of the file."""
        with self._reading:
            self._reader.close()
        self._writer.close()
