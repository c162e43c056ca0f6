"""The fields of a log line in the Elastic Common Schema, and the columns that hold them."""

from __future__ import annotations

import datetime
import json
import re
from typing import Any

Object = dict[str, Any]

TIME = "@timestamp"
# In the order in which a document shows them.
COLUMNS = {
    TIME: "time",
    "message": "message",
    "log.level": "level",
    "service.name": "service",
    "service.version": "version",
    "trace.id": "trace",
    "span.id": "span",
    "event.dataset": "dataset",
    "event.duration": "duration",
    "http.request.method": "method",
    "http.route": "route",
    "http.response.status_code": "status",
    "url.path": "path",
    "kubernetes.namespace": "namespace",
    "kubernetes.pod.name": "pod",
    "kubernetes.container.name": "container",
    "kubernetes.labels.track": "track",
}
NUMBERS = {"event.duration", "http.response.status_code"}
SELECTED = f"SELECT lines.id, {', '.join(COLUMNS.values())}, more FROM lines JOIN origins ON origins.id = origin"  # noqa: S608
# Of these there are many or few on a line: they have no column.
_OTHERS = re.compile(
    r"(?:labels|envoy)\.[A-Za-z0-9_.]+|error\.stack_trace|log\.logger|http\.request\.id|url\.original|tags"
)


def column(field: str) -> str | None:
    """Return the SQL of a field, None if no line has it."""
    if _OTHERS.fullmatch(field):
        return f"CAST(json_extract(more, '$.\"{field}\"') AS TEXT)"
    return COLUMNS.get(field)


def document(row: tuple[Any, ...]) -> Object:
    """Return a line as a document, fields nested; takes a row of SELECTED without its id."""
    *values, more = row
    found: Object = {}
    for field, value in zip(COLUMNS, values, strict=True):
        if value not in ("", None):
            _put(found, field.split("."), timestamp(value) if field == TIME else value)
    for field, value in json.loads(more or "{}").items():
        _put(found, field.split(".", 1 if field.startswith("labels.") else -1), value)
    return found


def _put(holder: Object, path: list[str], value: Any) -> None:
    for name in path[:-1]:
        holder = holder.setdefault(name, {})
    holder[path[-1]] = value


def timestamp(microseconds: int) -> str:
    """Return a time as documents have it."""
    moment = datetime.datetime.fromtimestamp(microseconds // 1_000_000, datetime.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{microseconds % 1_000_000:06d}Z"


def microseconds(value: Any) -> int:
    """Return a time of a query: ISO 8601, or Unix time in ms.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, bool):
        raise ValueError(f"{value} is no time")
    if isinstance(value, int | float):
        return int(value * 1000)
    text = str(value)
    if text.isdecimal() and len(text) > 4:
        return int(text) * 1000
    moment = datetime.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return int(moment.timestamp() * 1_000_000 + 0.5)
