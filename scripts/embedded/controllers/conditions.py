"""Conditions in the status of an object."""

from __future__ import annotations

from typing import Any

from embedded.controllers.timestamps import stamp

Object = dict[str, Any]


def find_condition(status: Object, kind: str) -> Object | None:
    """Return the condition of a type, if it is set."""
    return next((item for item in status.get("conditions") or () if item.get("type") == kind), None)


def set_condition(status: Object, kind: str, value: str, reason: str, message: str, *, now: float) -> None:
    """Set a condition; its transition time changes only if its value does."""
    old = find_condition(status, kind)
    new = {"type": kind, "status": value, "reason": reason, "message": message, "lastTransitionTime": stamp(now)}
    if old and old["status"] == value:
        new["lastTransitionTime"] = old.get("lastTransitionTime", new["lastTransitionTime"])
    remove_condition(status, kind)
    status.setdefault("conditions", []).append(new)
    status["conditions"].sort(key=lambda item: str(item["type"]))


def remove_condition(status: Object, kind: str) -> None:
    """Take a condition away."""
    if status.get("conditions"):
        status["conditions"] = [item for item in status["conditions"] if item.get("type") != kind]
