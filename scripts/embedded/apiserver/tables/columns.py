"""Columns, and the ways in which kubectl's tables write ages, lists and selectors."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

NONE = "<none>"
UNKNOWN = "<unknown>"
_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: heading.
        value: computes the cell of an object.
        wide: shown with ``-o wide`` only.
        type: type of the cells, in OpenAPI's words.
        format: ``name`` for the column of the names.
    """

    name: str
    value: Callable[[Mapping[str, Any]], Any]
    wide: bool = False
    type: str = "string"
    format: str = ""

    def definition(self) -> dict[str, Any]:
        """Return the column's definition as it goes over the wire."""
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": "",
            "priority": 1 if self.wide else 0,
        }

    def cell(self, body: Mapping[str, Any]) -> Any:
        """Return the cell of an object; nobody has checked what clients write into a status."""
        try:
            return self.value(body)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            return UNKNOWN


def at(body: Mapping[str, Any], path: str, default: Any = None) -> Any:
    """Return what stands at a path such as ``status.replicas``, or a default."""
    value: Any = body
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return default if value is None else value


def text(path: str, default: str = NONE) -> Callable[[Mapping[str, Any]], str]:
    """Return a function that reads a text from an object."""
    return lambda body: str(at(body, path, default) or default)


def number(path: str, default: int = 0) -> Callable[[Mapping[str, Any]], int]:
    """Return a function that reads a number from an object."""
    return lambda body: int(at(body, path, default))


def seconds_since(timestamp: str | None) -> float | None:
    """Return how long ago a time was; None if it cannot be read."""
    try:
        then = datetime.datetime.fromisoformat(str(timestamp))
    except ValueError:
        return None
    return (datetime.datetime.now(datetime.UTC) - then).total_seconds()


def age(timestamp: str | None) -> str:
    """Write how long ago a time was, such as ``5m30s``."""
    seconds = seconds_since(timestamp)
    return UNKNOWN if seconds is None else duration(int(max(seconds, 0)))


def duration(seconds: int) -> str:
    """Write a duration with the precision that kubectl gives to it."""
    if seconds < 2 * _MINUTE:
        return f"{seconds}s"
    if seconds < 10 * _MINUTE:
        return _two(seconds, _MINUTE, "m", 1, "s")
    if seconds < 3 * _HOUR:
        return f"{seconds // _MINUTE}m"
    if seconds < 8 * _HOUR:
        return _two(seconds, _HOUR, "h", _MINUTE, "m")
    if seconds < 2 * _DAY:
        return f"{seconds // _HOUR}h"
    if seconds < 8 * _DAY:
        return _two(seconds, _DAY, "d", _HOUR, "h")
    if seconds < 2 * _YEAR:
        return f"{seconds // _DAY}d"
    return _two(seconds, _YEAR, "y", _DAY, "d") if seconds < 8 * _YEAR else f"{seconds // _YEAR}y"


def _two(seconds: int, large: int, large_name: str, small: int, small_name: str) -> str:
    rest = seconds % large // small
    return f"{seconds // large}{large_name}" + (f"{rest}{small_name}" if rest else "")


def selector(value: Mapping[str, Any] | None) -> str:
    """Write a label selector, ``LabelSelector`` or plain map."""
    if not value:
        return NONE
    if "matchLabels" not in value and "matchExpressions" not in value:
        return labels(value)
    parts = [f"{key}={entry}" for key, entry in sorted((value.get("matchLabels") or {}).items())]
    for expression in value.get("matchExpressions") or ():
        listed = ",".join(expression.get("values") or ())
        key, operator = expression["key"], expression["operator"]
        if operator in ("In", "NotIn"):
            parts.append(f"{key} {operator.lower()} ({listed})")
        else:
            parts.append(key if operator == "Exists" else f"!{key}")
    return ",".join(parts) or NONE


def labels(value: Mapping[str, Any] | None) -> str:
    """Write a map of labels."""
    return ",".join(f"{key}={entry}" for key, entry in sorted((value or {}).items())) or NONE


def joined(items: Iterable[Any], default: str = NONE) -> str:
    """Write a list."""
    return ",".join(str(item) for item in items) or default


NAME = Column("Name", lambda body: body["metadata"].get("name", ""), format="name")
AGE = Column("Age", lambda body: age(at(body, "metadata.creationTimestamp")))
