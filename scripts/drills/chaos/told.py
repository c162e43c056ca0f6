"""What the release command says on its standard output, read back: the steps it has taken, and how it ended."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_STEP = re.compile(r"^\s*(?P<seconds>\d+\.\d) s  (?P<name>\S.*?)  (?P<details>.*)$")
_DETAIL = re.compile(r"\s*(?P<key>\w+)=")


@dataclass(frozen=True)
class Told:
    """A step that a release process says it has taken.

    Attributes:
        name: a verb of the rollout, or a part of one.
        seconds: how long it took.
        details: what it was done with.
    """

    name: str
    seconds: float
    details: dict[str, Any]

    def __str__(self) -> str:
        return ", ".join(f"{key} {value}" for key, value in self.details.items())


def told(line: str) -> Told | None:
    """Return the step that a line tells of; None for any other line."""
    match = _STEP.match(line)
    if not match:
        return None
    return Told(match["name"], float(match["seconds"]), _details(match["details"]))


def _details(text: str) -> dict[str, Any]:
    """Read ``key=value`` pairs whose values are JSON; what cannot be read ends it."""
    details: dict[str, Any] = {}
    at = 0
    while match := _DETAIL.match(text, at):
        try:
            details[match["key"]], at = json.JSONDecoder().raw_decode(text, match.end())
        except ValueError:
            break
    return details
