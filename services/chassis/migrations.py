"""Schema migrations that are safe to run at any time, by several pods at once, in any order of versions.

Migrations only expand, so a database that is ahead of a version still serves it: a rollback migrates nothing back and
loses nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from chassis.config import PersistentSettings, load
from chassis.database import Database

# Any number will do, as long as everyone who migrates this database takes the same one.
POSTGRESQL_LOCK = 726_274_811
WAIT_SECONDS = 30.0


def upgrade(package: str, url: str, target: str) -> str:
    """Bring a database up to a revision, or leave it alone if it is there or ahead.

    Args:
        package: the service whose ``migrations`` folder to use.
        url: where the database is.
        target: the revision that the version of the service needs.

    Returns:
        One sentence that says what was done.
    """
    config = Config()
    config.set_main_option("script_location", f"{package}:migrations")
    config.set_main_option("path_separator", "os")
    database = Database(url, connections=1, busy_seconds=WAIT_SECONDS)
    try:
        with database.write() as connection:
            return _upgrade(config, connection, target)
    finally:
        database.engine.dispose()


def _upgrade(config: Config, connection: Connection, target: str) -> str:
    """Work in the one transaction of the caller, which only one of several at a time can hold."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": POSTGRESQL_LOCK})
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and not _is_behind(config, current, target):
        return f"the database is at revision {current}, revision {target} needs nothing more"
    config.attributes["connection"] = connection
    command.upgrade(config, target)
    return f"the database was migrated from {current or 'nothing'} to revision {target}"


def _is_behind(config: Config, current: str, target: str) -> bool:
    """A revision that this version has never heard of was made by a later one."""
    known = ScriptDirectory.from_config(config).iterate_revisions(target, "base")
    return current != target and current in {revision.revision for revision in known}


def main(package: str, kind: type[PersistentSettings], heads: Mapping[str, str]) -> None:
    """Migrate the database that the environment names, and say in one line what was done.

    Args:
        package: the service.
        kind: its settings.
        heads: the revision that each version needs.

    Raises:
        SystemExit: with code 1 when the database cannot be migrated, 2 when the configuration is wrong.
    """
    settings = load(kind)
    try:
        done = upgrade(package, settings.database_url, heads[settings.app_version])
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise SystemExit(f"{package}: the database cannot be migrated: {reason}") from None
    sys.stdout.write(f"{package}: {done}\n")
