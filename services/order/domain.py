"""What an order is: pure rules, no HTTP and no database."""

from __future__ import annotations

import datetime
import enum
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

MAX_ITEMS = 50
MAX_QUANTITY = 1_000
# A million in any currency; the largest total, 50 times 1,000 times this, fits into 64 bits and into a double.
MAX_PRICE_CENTS = 100_000_000
MAX_TEXT = 200
# One line of text with something to read in it.
TEXT_PATTERN = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"


class Status(enum.StrEnum):
    """Where an order stands."""

    PLACED = "placed"
    CANCELLED = "cancelled"


class KeyReusedError(Exception):
    """An idempotency key came again with another request."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """Some pieces of one thing."""

    name: str
    quantity: int
    unit_price_cents: int

    @property
    def total_cents(self) -> int:
        """Return the price of all pieces."""
        return self.quantity * self.unit_price_cents


@dataclass(frozen=True, kw_only=True)
class Order:
    """One order; `note` came with v2."""

    id: uuid.UUID
    user_id: uuid.UUID
    items: tuple[Item, ...]
    total_cents: int
    status: Status
    created_at: datetime.datetime
    note: str | None = None

    def cancelled(self) -> Order:
        """Return the order cancelled; cancelling twice is cancelling once."""
        return replace(self, status=Status.CANCELLED)


def place(user_id: uuid.UUID, items: Sequence[Item], note: str | None = None) -> Order:
    """Return a new order with its total."""
    return Order(
        id=uuid.uuid4(),
        user_id=user_id,
        items=tuple(items),
        total_cents=sum(item.total_cents for item in items),
        status=Status.PLACED,
        created_at=datetime.datetime.now(datetime.UTC),
        note=note,
    )
