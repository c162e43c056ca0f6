"""The engine of a service's database: SQLite for one machine, PostgreSQL for more, one behaviour."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, DateTime, Engine, Table, create_engine, event, select
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import TypeDecorator

BUSY_SECONDS = 5.0
_IMMEDIATE = "sqlite_immediate"


class UtcDateTime(TypeDecorator[datetime.datetime]):
    """A moment in UTC with microseconds; SQLite keeps no zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime.datetime | None, dialect: Dialect) -> datetime.datetime | None:
        """Turn any moment into UTC, without a zone where the database knows none."""
        if value is None:
            return None
        moment = value.astimezone(datetime.UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime.datetime | None, dialect: Dialect) -> datetime.datetime | None:
        """Return the moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=datetime.UTC) if dialect.name == "sqlite" else value.astimezone(datetime.UTC)


class Database:
    """Connections to one database.

    Args:
        url: where it is.
        connections: how many to keep, one a thread.
        busy_seconds: how long to wait for another writer, or for a connection.
    """

    def __init__(self, url: str, connections: int, busy_seconds: float = BUSY_SECONDS) -> None:
        options: dict[str, Any] = {"pool_size": connections, "max_overflow": 0, "pool_timeout": busy_seconds}
        if not url.startswith("sqlite"):
            # A PostgreSQL that was restarted must not cost the next request.
            options |= {"pool_pre_ping": True, "connect_args": {"connect_timeout": max(1, int(busy_seconds))}}
        self.engine = create_engine(url, **options)
        if self.engine.dialect.name == "sqlite":
            _set_up_sqlite(self.engine, busy_seconds)
        self._writing = self.engine.execution_options(**{_IMMEDIATE: True})

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Lend a connection for reading."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Lend a connection inside a transaction that is committed at the end, or rolled back on an exception."""
        with self._writing.begin() as connection:
            yield connection

    def why_not_ready(self, *tables: Table) -> str | None:
        """Return why a service cannot work with these tables now, None if it can."""
        for table in tables:
            try:
                with self.read() as connection:
                    connection.execute(select(table).limit(0))
            except SQLAlchemyError as error:
                reason = str(getattr(error, "orig", None) or error).splitlines()[0]
                return f"The database is away or not migrated: {reason}"
        return None


def _set_up_sqlite(engine: Engine, busy_seconds: float) -> None:
    """Many readers beside one writer, and writers that wait for each other instead of failing."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        # The driver would begin transactions by itself, too late to lock.
        connection.isolation_level = None
        for pragma in (f"busy_timeout = {int(busy_seconds * 1000)}", "journal_mode = WAL", "synchronous = NORMAL"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        # A transaction that reads first and writes later cannot wait for another writer: it must say so at once.
        immediate = connection.get_execution_options().get(_IMMEDIATE)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
