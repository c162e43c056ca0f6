"""Orders in the database. Which columns there are depends on the version: v1 must not ask for what v2 adds."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, MetaData, String, Table, Uuid, insert, select, update
from sqlalchemy.exc import IntegrityError

from chassis.database import Database, UtcDateTime
from chassis.pagination import Position, following
from order.domain import Item, KeyReusedError, Order, Status
from order.idempotency import Attempt


def orders_table(version: str) -> Table:
    """Return the table as a version of the service knows it."""
    added = [Column("note", String(200))] if version == "v2" else []
    return Table(
        "orders",
        MetaData(),
        Column("id", Uuid, primary_key=True),
        Column("user_id", Uuid, nullable=False),
        Column("items", JSON, nullable=False),
        Column("total_cents", BigInteger, nullable=False),
        Column("status", String(20), nullable=False),
        Column("created_at", UtcDateTime, nullable=False),
        Column("idempotency_key", String(255), unique=True),
        Column("fingerprint", String(64)),
        *added,
    )


class OrderStore:
    """Orders in one database.

    Args:
        database: where they are.
        version: version of the service.
    """

    def __init__(self, database: Database, version: str) -> None:
        self._database = database
        self._orders = orders_table(version)

    def why_not_ready(self) -> str | None:
        """Return why the store cannot be used now, None if it can."""
        return self._database.why_not_ready(self._orders)

    def add(self, order: Order, attempt: Attempt | None) -> Order:
        """Keep a new order, or return the one that the same attempt has made meanwhile.

        Raises:
            KeyReusedError: another request came with this key.
        """
        row = self._row(order)
        if attempt:
            row |= {"idempotency_key": attempt.key, "fingerprint": attempt.fingerprint}
        try:
            with self._database.write() as connection:
                connection.execute(insert(self._orders).values(row))
        except IntegrityError:
            earlier = self.find(attempt) if attempt else None
            if earlier is None:
                raise
            return earlier
        return order

    def find(self, attempt: Attempt) -> Order | None:
        """Return the order that an attempt has made, None if it has made none.

        Raises:
            KeyReusedError: another request came with this key.
        """
        with self._database.read() as connection:
            row = connection.execute(
                select(self._orders).where(self._orders.c.idempotency_key == attempt.key)
            ).one_or_none()
        if row is None:
            return None
        if row.fingerprint != attempt.fingerprint:
            raise KeyReusedError(attempt.key)
        return _order(row)

    def get(self, order_id: uuid.UUID) -> Order | None:
        """Return one order, None if there is none."""
        with self._database.read() as connection:
            row = connection.execute(select(self._orders).where(self._orders.c.id == order_id)).one_or_none()
        return _order(row) if row else None

    def page(self, limit: int, after: Position | None, user_id: uuid.UUID | None) -> list[Order]:
        """Return orders from the oldest on.

        Args:
            limit: how many at most.
            after: the position after which to start, None for the beginning.
            user_id: only those of this user, None for all.
        """
        query = following(select(self._orders), self._orders, after).limit(limit)
        if user_id:
            query = query.where(self._orders.c.user_id == user_id)
        with self._database.read() as connection:
            return [_order(row) for row in connection.execute(query)]

    def save_status(self, order: Order) -> None:
        """Keep where an order stands now."""
        with self._database.write() as connection:
            connection.execute(update(self._orders).where(self._orders.c.id == order.id).values(status=order.status))

    def _row(self, order: Order) -> dict[str, Any]:
        row = {column.name: getattr(order, column.name, None) for column in self._orders.columns}
        return row | {"items": [asdict(item) for item in order.items], "status": order.status.value}


def _order(row: Any) -> Order:
    values = dict(row._mapping)
    del values["idempotency_key"], values["fingerprint"]
    items = tuple(Item(**item) for item in values.pop("items"))
    return Order(**values | {"items": items, "status": Status(values["status"])})
