"""What the shop's users do: the mix of requests that the prober sends, and what a right answer to each looks like."""

from __future__ import annotations

import random
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

# Enough for lists of different length and for orders that several requests read, few enough to be ready at once.
USERS = 5
ORDERS_PER_USER = 3
# Only so many orders are read again: a shop's users look at what they ordered lately.
RECENT = 500
# Shares of the requests, by the service under release. Reading outweighs ordering, as in any shop; every order placed
# makes the order service ask the user service, so that a release of one is seen through the other as well; and some
# press the button twice, which must not order twice, whichever version answers the second time.
MIX = {
    "order": {"read_order": 55, "list_orders": 25, "place_order": 8, "repeat_order": 2, "read_user": 10},
    "user": {"read_order": 15, "list_orders": 5, "place_order": 18, "repeat_order": 2, "read_user": 60},
}

Send = Callable[["Call"], Awaitable[Any]]
Check = Callable[[Any], str | None]


@dataclass(frozen=True)
class Call:
    """One request, and how to tell a right answer from a wrong one.

    Attributes:
        method: HTTP method.
        path: path and query.
        service: the service that should answer.
        status: the only right status.
        check: looks at the JSON body and returns what is wrong with it, or None.
        body: JSON body to send.
        headers: headers to send.
    """

    method: str
    path: str
    service: str
    status: int
    check: Check
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)


class Traffic:
    """An endless, repeatable sequence of calls.

    Args:
        service: the service under release: key of MIX.
        seed: makes the sequence repeatable.
    """

    def __init__(self, service: str, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a mix of traffic, not a secret
        self._kinds, self._shares = zip(*MIX[service].items(), strict=True)
        self._users: list[str] = []
        self._orders: deque[tuple[str, str]] = deque(maxlen=RECENT)
        self._placed: deque[Call] = deque(maxlen=RECENT)

    async def prepare(self, send: Send) -> None:
        """Create the users and orders that the later requests read.

        Args:
            send: sends one call, returns the JSON body of a right answer and raises on any other.
        """
        for _ in range(USERS):
            self._users.append(str((await send(self._create_user()))["id"]))
        for user in self._users * ORDERS_PER_USER:
            await send(self._place_order(user))

    def __iter__(self) -> Iterator[Call]:
        while True:
            [kind] = self._random.choices(self._kinds, self._shares)
            yield self._make(kind)

    def _make(self, kind: str) -> Call:
        user, order = self._random.choice(self._orders)
        match kind:
            case "read_order":
                return Call("GET", f"/orders/{order}", "order", 200, _same(id=order, user_id=user))
            case "list_orders":
                return Call("GET", f"/orders?user_id={user}", "order", 200, _orders_of(user))
            case "place_order":
                return self._place_order(user)
            case "repeat_order":
                return self._random.choice(self._placed)
            case _:
                return Call("GET", f"/users/{user}", "user", 200, _same(id=user))

    def _create_user(self) -> Call:
        email = f"prober-{uuid.uuid4().hex}@example.com"
        body = {"email": email, "name": "Prober"}
        return Call("POST", "/users", "user", 201, _same(email=email), body)

    def _place_order(self, user: str) -> Call:
        quantity, price = self._random.randint(1, 5), self._random.randint(100, 9999)
        body = {"user_id": user, "items": [{"name": "probe", "quantity": quantity, "unit_price_cents": price}]}
        key = {"Idempotency-Key": str(uuid.uuid4())}
        right = _same(user_id=user, total_cents=quantity * price)

        def remember(answer: Any) -> str | None:
            wrong = right(answer)
            if not wrong:
                self._orders.append((user, str(answer["id"])))
                same = _same(id=answer["id"], user_id=user, total_cents=quantity * price)
                self._placed.append(Call("POST", "/orders", "order", 201, same, body, key))
            return wrong

        return Call("POST", "/orders", "order", 201, remember, body, key)


def _same(**expected: Any) -> Check:
    def check(answer: Any) -> str | None:
        if not isinstance(answer, dict) or "id" not in answer:
            return "wrong body: no object with an id"
        for name, value in expected.items():
            if str(answer.get(name)) != str(value):
                return f"wrong body: {name} is {answer.get(name)!r}, expected {value!r}"
        return None

    return check


def _orders_of(user: str) -> Check:
    def check(answer: Any) -> str | None:
        items = answer.get("items") if isinstance(answer, dict) else None
        if not items:
            return "wrong body: no items"
        strangers = [item["user_id"] for item in items if str(item["user_id"]) != user]
        return f"wrong body: orders of {strangers[0]}, asked for {user}" if strangers else None

    return check
