"""Pages of a list by cursor: the position of the last item seen, so none is skipped or repeated while others write."""

from __future__ import annotations

import base64
import binascii
import datetime
import uuid
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, Field
from sqlalchemy import Select, Table, literal, tuple_

from chassis.problems import FieldError, Problem, invalid

MAX_LIMIT = 100
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)
_SIZE = 8 + 16
_LENGTH = _SIZE * 4 // 3


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
        default=None,
        min_length=_LENGTH,
        max_length=_LENGTH,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="the next_cursor of the page before, unchanged",
    )

    def after(self) -> Position | None:
        """Return the position to go on from, None for the start.

        Raises:
            Problem: 422 for a cursor that this service did not make.
        """
        return None if self.cursor is None else decode(self.cursor)


def encode(position: Position) -> str:
    """Return the cursor of a position."""
    micros = (position.created_at - _EPOCH) // _MICROSECOND
    return base64.urlsafe_b64encode(micros.to_bytes(8, "big") + position.id.bytes).decode()


def decode(cursor: str) -> Position:
    """Return the position of a cursor.

    Raises:
        Problem: 422 for a cursor that this service did not make.
    """
    try:
        raw = base64.b64decode(cursor, altchars=b"-_", validate=True)
        micros = int.from_bytes(raw[:8], "big")
        position = Position(_EPOCH + micros * _MICROSECOND, uuid.UUID(bytes=raw[8:]))
    except (binascii.Error, ValueError, OverflowError):
        raise unknown_cursor() from None
    return position


def unknown_cursor() -> Problem:
    """Return the problem of a cursor that this service did not make."""
    fix = "Send the next_cursor of the page before, unchanged, or none to start at the beginning."
    return invalid("The cursor is wrong.", FieldError(field="cursor", detail="not a cursor of this list", fix=fix))


def following(query: Select[Any], table: Table, after: Position | None) -> Select[Any]:
    """Return a query in the order of lists, from a position on; the table has `created_at` and `id`."""
    columns = table.c
    if after:
        here = tuple_(literal(after.created_at, columns.created_at.type), literal(after.id, columns.id.type))
        query = query.where(tuple_(columns.created_at, columns.id) > here)
    return query.order_by(columns.created_at, columns.id)
