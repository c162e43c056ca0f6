"""What the order service is asked for."""

from __future__ import annotations

import random
import uuid
from collections import deque
from typing import Any

from drills.traffic import user
from drills.traffic.calls import Call, Check, Make, Send, listed, same

# Enough for lists of different length and for orders that several requests read, few enough to be ready at once.
ORDERS_PER_USER = 3
# Only so many orders are read again: a shop's users look at what they ordered lately.
RECENT = 500
# How often one kind of request is sent beside the others. Reading outweighs ordering, as in any shop; and some press
# the button twice, which must not order twice, whichever version answers the second time.
SHARES = {"read": 55, "list": 25, "place": 8, "repeat": 2}


class Requests:
    """Orders are placed, placed again by those who press the button twice, listed and read.

    Args:
        chance: makes the sequence repeatable.
        users: those who order; they are prepared first.
    """

    def __init__(self, chance: random.Random, users: user.Requests) -> None:
        self._chance = chance
        self._users = users
        self._orders: deque[tuple[str, str]] = deque(maxlen=RECENT)
        self._placed: deque[Call] = deque(maxlen=RECENT)

    async def prepare(self, send: Send) -> None:
        """Place the orders that are read later.

        Args:
            send: sends one call, returns the JSON body of a right answer and raises on any other.
        """
        for owner in self._users.known * ORDERS_PER_USER:
            await send(self._place_for(owner))

    def kinds(self) -> dict[str, Make]:
        """Return what makes a request, by its kind."""
        return {"read": self._read, "list": self._list, "place": self._place, "repeat": self._repeat}

    def _read(self) -> Call:
        owner, order = self._chance.choice(self._orders)
        return Call("GET", f"/orders/{order}", "order", 200, same(id=order, user_id=owner))

    def _list(self) -> Call:
        owner, _order = self._chance.choice(self._orders)
        return Call("GET", f"/orders?user_id={owner}", "order", 200, _orders_of(owner))

    def _place(self) -> Call:
        return self._place_for(self._chance.choice(self._users.known))

    def _repeat(self) -> Call:
        return self._chance.choice(self._placed)

    def _place_for(self, owner: str) -> Call:
        quantity, price = self._chance.randint(1, 5), self._chance.randint(100, 9999)
        body = {"user_id": owner, "items": [{"name": "probe", "quantity": quantity, "unit_price_cents": price}]}
        key = {"Idempotency-Key": str(uuid.uuid4())}
        right = same(user_id=owner, total_cents=quantity * price)

        def remember(answer: Any) -> str | None:
            wrong = right(answer)
            if not wrong:
                self._orders.append((owner, str(answer["id"])))
                again = same(id=answer["id"], user_id=owner, total_cents=quantity * price)
                self._placed.append(Call("POST", "/orders", "order", 201, again, body, key))
            return wrong

        return Call("POST", "/orders", "order", 201, remember, body, key)


def _orders_of(owner: str) -> Check:
    def check(answer: Any) -> str | None:
        if wrong := listed(answer):
            return wrong
        strangers = [item["user_id"] for item in answer["items"] if str(item["user_id"]) != owner]
        return f"wrong body: orders of {strangers[0]}, asked for {owner}" if strangers else None

    return check
