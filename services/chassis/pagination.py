"""Pages of a list by cursor: the position of the last item seen, so none is skipped or repeated while others write."""

from __future__ import annotations

import base64
import datetime
import uuid
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, Field
from sqlalchemy import Select, Table, literal, tuple_

MAX_LIMIT = 100
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)
# 8 bytes of microseconds and 16 of an id. Microseconds below 2^56 last until the year 4253 and keep the first byte
# empty, so every text of this form is the cursor of some position.
_TIME_BYTES = 8
CURSOR_PATTERN = r"^A[A-P][A-Za-z0-9_-]{30}$"


class Position(NamedTuple):
    """Where a page ended: lists are ordered by time, then by id."""

    created_at: datetime.datetime
    id: uuid.UUID


class PageQuery(BaseModel):
    """The query parameters of every list."""

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = Field(
        default=20, description=f"a whole number of items from 1 to {MAX_LIMIT}"
    )
    cursor: str | None = Field(
        default=None, pattern=CURSOR_PATTERN, description="the next_cursor of the page before, unchanged"
    )

    def after(self) -> Position | None:
        """Return the position to go on from, None for the start."""
        return None if self.cursor is None else decode(self.cursor)


def encode(position: Position) -> str:
    """Return the cursor of a position."""
    micros = (position.created_at - _EPOCH) // _MICROSECOND
    return base64.urlsafe_b64encode(micros.to_bytes(_TIME_BYTES, "big") + position.id.bytes).decode()


def decode(cursor: str) -> Position:
    """Return the position of a cursor, which must be of the form of `CURSOR_PATTERN`."""
    raw = base64.urlsafe_b64decode(cursor)
    micros = int.from_bytes(raw[:_TIME_BYTES], "big")
    return Position(_EPOCH + micros * _MICROSECOND, uuid.UUID(bytes=raw[_TIME_BYTES:]))


def following(query: Select[Any], table: Table, after: Position | None) -> Select[Any]:
    """Return a query in the order of lists, from a position on; the table has `created_at` and `id`."""
    columns = table.c
    if after:
        here = tuple_(literal(after.created_at, columns.created_at.type), literal(after.id, columns.id.type))
        query = query.where(tuple_(columns.created_at, columns.id) > here)
    return query.order_by(columns.created_at, columns.id)
