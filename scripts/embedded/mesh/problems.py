"""What the mesh has to say about objects: gathered while translating, written as events afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

UNSUPPORTED = "Unsupported"
INVALID = "Invalid"
CONFLICT = "Conflict"
# The last two may mend themselves: objects are applied one after the other, addresses become free.
UNKNOWN_REFERENCE = "UnknownReference"
CANNOT_LISTEN = "CannotListen"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an object.

    Attributes:
        about: the object.
        reason: reason of the event.
        message: what is wrong, beginning with the field.
    """

    about: dict[str, Any] = field(hash=False, compare=False)
    reason: str
    message: str

    @property
    def key(self) -> tuple[str, int, str, str]:
        """Return what makes it one and the same problem: object, generation, reason and message."""
        meta = self.about["metadata"]
        return (meta.get("uid", meta["name"]), meta.get("generation", 0), self.reason, self.message)


class Problems:
    """Gathers problems; the same one is kept once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, int, str, str], Problem] = {}

    def add(self, about: dict[str, Any], reason: str, message: str) -> None:
        """Note a problem of an object."""
        problem = Problem(about, reason, message)
        self._found.setdefault(problem.key, problem)

    def extend(self, problems: Problems) -> None:
        """Take over what another gathered."""
        for problem in problems:
            self._found.setdefault(problem.key, problem)

    def __iter__(self) -> Iterator[Problem]:
        return iter(list(self._found.values()))
