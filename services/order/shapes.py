"""Orders as clients send and see them; v2 adds the note."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from chassis.pagination import PageQuery
from chassis.wire import WholeNumber
from order.domain import MAX_ITEMS, MAX_PRICE_CENTS, MAX_QUANTITY, MAX_TEXT, TEXT_PATTERN, Item, Status

Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT, pattern=TEXT_PATTERN)]


class ItemShape(BaseModel):
    """Some pieces of one thing."""

    model_config = ConfigDict(strict=True, from_attributes=True)

    name: Text = Field(description=f"a name of 1 to {MAX_TEXT} characters in one line")
    quantity: WholeNumber = Field(
        ge=1, le=MAX_QUANTITY, description=f"a whole number of pieces from 1 to {MAX_QUANTITY}"
    )
    unit_price_cents: WholeNumber = Field(
        ge=0, le=MAX_PRICE_CENTS, description=f"the price of one piece in whole cents from 0 to {MAX_PRICE_CENTS}"
    )

    def item(self) -> Item:
        """Return the domain's item."""
        return Item(**self.model_dump())


class NewOrder(BaseModel):
    """What makes an order."""

    model_config = ConfigDict(strict=True)

    user_id: uuid.UUID = Field(description="the id of a user, as the user service returned it")
    items: list[ItemShape] = Field(min_length=1, max_length=MAX_ITEMS, description=f"a list of 1 to {MAX_ITEMS} items")

    def extras(self) -> dict[str, str | None]:
        """Return what later versions add."""
        return {}


class NewOrderV2(NewOrder):
    """What makes an order since v2."""

    note: Text | None = Field(default=None, description=f"a note of 1 to {MAX_TEXT} characters in one line, or null")

    def extras(self) -> dict[str, str | None]:
        """Return what v2 adds."""
        return {"note": self.note}


class OrderView(BaseModel):
    """An order as clients see it."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    user_id: uuid.UUID
    items: list[ItemShape]
    total_cents: int
    status: Status
    created_at: datetime.datetime


class OrderViewV2(OrderView):
    """An order as clients see it since v2."""

    note: str | None


class OrderPage(BaseModel):
    """Some orders and where the next ones begin."""

    items: Sequence[OrderView]
    next_cursor: str | None = Field(description="send it as cursor to get the next page; null on the last one")


class OrderPageV2(OrderPage):
    """Some orders since v2."""

    items: Sequence[OrderViewV2]


class OrderQuery(PageQuery):
    """The query parameters of the list of orders."""

    user_id: uuid.UUID | None = Field(default=None, description="the id of a user, to see only this user's orders")
