"""One request of a user, and how to tell a right answer to it from a wrong one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

Send = Callable[["Call"], Awaitable[Any]]
Check = Callable[[Any], str | None]
Make = Callable[[], "Call"]


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


def same(**expected: Any) -> Check:
    """Return a check that an answer has an id and these values."""

    def check(answer: Any) -> str | None:
        if not isinstance(answer, dict) or "id" not in answer:
            return "wrong body: no object with an id"
        for name, value in expected.items():
            if str(answer.get(name)) != str(value):
                return f"wrong body: {name} is {answer.get(name)!r}, expected {value!r}"
        return None

    return check


def listed(answer: Any) -> str | None:
    """Return what is wrong with a list in which something has to be."""
    items = answer.get("items") if isinstance(answer, dict) else None
    return None if items else "wrong body: no items"
