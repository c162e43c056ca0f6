"""Users in the database. Which columns there are depends on the version: v1 must not ask for what v2 adds."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import Column, MetaData, String, Table, Uuid, delete, insert, select
from sqlalchemy.exc import IntegrityError

from chassis.database import Database, UtcDateTime
from chassis.pagination import Position, following
from user.domain import EmailTakenError, User


def users_table(version: str) -> Table:
    """Return the table as a version of the service knows it."""
    added = [Column("nickname", String(100))] if version == "v2" else []
    return Table(
        "users",
        MetaData(),
        Column("id", Uuid, primary_key=True),
        Column("name", String(100), nullable=False),
        Column("email", String(254), nullable=False, unique=True),
        Column("created_at", UtcDateTime, nullable=False),
        *added,
    )


class UserStore:
    """Users in one database.

    Args:
        database: where they are.
        version: version of the service.
    """

    def __init__(self, database: Database, version: str) -> None:
        self._database = database
        self._users = users_table(version)

    def why_not_ready(self) -> str | None:
        """Return why the store cannot be used now, None if it can."""
        return self._database.why_not_ready(self._users)

    def add(self, user: User) -> None:
        """Keep a new user.

        Raises:
            EmailTakenError: another user has this e-mail address.
        """
        row = {column.name: getattr(user, column.name) for column in self._users.columns}
        try:
            with self._database.write() as connection:
                connection.execute(insert(self._users).values(row))
        except IntegrityError as error:
            raise EmailTakenError(user.email) from error

    def get(self, user_id: uuid.UUID) -> User | None:
        """Return one user, None if there is none."""
        with self._database.read() as connection:
            row = connection.execute(select(self._users).where(self._users.c.id == user_id)).one_or_none()
        return _user(row) if row else None

    def page(self, limit: int, after: Position | None) -> list[User]:
        """Return users from the oldest on.

        Args:
            limit: how many at most.
            after: the position after which to start, None for the beginning.
        """
        query = following(select(self._users), self._users, after).limit(limit)
        with self._database.read() as connection:
            return [_user(row) for row in connection.execute(query)]

    def remove(self, user_id: uuid.UUID) -> bool:
        """Delete a user and tell whether there was one."""
        with self._database.write() as connection:
            return connection.execute(delete(self._users).where(self._users.c.id == user_id)).rowcount > 0


def _user(row: Any) -> User:
    return User(**row._mapping)
