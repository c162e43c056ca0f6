"""Which fields of an object a manager owns, as server-side apply writes it down, and what is in them."""

from __future__ import annotations

import json
from typing import Any

from cluster.transport import Json


def owned(body: Json, manager: str) -> Json | None:
    """Return the set of fields that a manager applied, as ``fieldsV1``; None if it never applied the object."""
    for entry in body["metadata"].get("managedFields") or []:
        if is_applied(entry, manager):
            fields: Json = entry["fieldsV1"]
            return fields
    return None


def is_applied(entry: Json, manager: str) -> bool:
    """Tell whether an entry of managedFields is what a manager applied."""
    return bool(entry["manager"] == manager and entry["operation"] == "Apply" and not entry.get("subresource"))


def values(content: Any, fields: Json) -> Any:
    """Return what an object has in a set of fields, and nothing else of it."""
    below = {step: rest for step, rest in fields.items() if step != "."}
    if not below:
        return content
    return {step: values(_at(content, step), rest) for step, rest in below.items()}


def _at(content: Any, step: str) -> Any:
    """Return what is at one step: ``f:<field>``, ``k:<keys of a list element>``, ``v:<value of a set>``."""
    kind, _, rest = step.partition(":")
    if kind == "f":
        return content.get(rest) if isinstance(content, dict) else None
    wanted = json.loads(rest)
    elements = content if isinstance(content, list) else []
    if kind == "v":
        return wanted in elements
    return next((each for each in elements if all(each.get(key) == value for key, value in wanted.items())), None)
