"""What the user service is asked for."""

from __future__ import annotations

import random
import uuid
from typing import Any

from drills.traffic.calls import Call, Make, Send, listed, same

# Enough for reads that meet different rows, few enough to be there at once.
PREPARED = 5
# How often one kind of request is sent beside the others.
SHARES = {"read": 54, "list": 5, "create": 1}


class Requests:
    """Users are created, listed and read.

    Args:
        chance: makes the sequence repeatable.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.known: list[str] = []

    async def prepare(self, send: Send) -> None:
        """Create the users that are read later.

        Args:
            send: sends one call, returns the JSON body of a right answer and raises on any other.
        """
        for _ in range(PREPARED):
            self.known.append(str((await send(self._create()))["id"]))

    def kinds(self) -> dict[str, Make]:
        """Return what makes a request, by its kind."""
        return {"read": self._read, "list": self._list, "create": self._create}

    def _create(self) -> Call:
        email = f"prober-{uuid.uuid4().hex}@example.com"
        body: dict[str, Any] = {"email": email, "name": "Prober"}
        return Call("POST", "/users", "user", 201, same(email=email), body)

    def _list(self) -> Call:
        return Call("GET", "/users", "user", 200, listed)

    def _read(self) -> Call:
        user = self._chance.choice(self.known)
        return Call("GET", f"/users/{user}", "user", 200, same(id=user))
