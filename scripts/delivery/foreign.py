"""Somebody else moved the users: what was found, who wrote it, and when."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from cluster.collection import FIELD_MANAGER
from cluster.transport import Json
from delivery.errors import Foreign

# How every such sentence begins: what was told once need not be told again.
MOVED = "somebody else moved the users"


def foreign(found: str, objects: Iterable[Json], expected: Collection[int]) -> Foreign:
    """Return what to tell a person.

    Args:
        found: where the users are, in words.
        objects: what leads them.
        expected: the shares of the new version that the release itself may have set, in percent.
    """
    wanted = " or ".join(f"{share} %" for share in sorted(expected))
    who = next(filter(None, map(_writer, objects)), "nobody knows who")
    return Foreign(f"{MOVED}: {found}, where the new version should have {wanted} ({who} wrote it)")


def _writer(body: Json) -> str:
    """Return who else wrote the specification last, and when; empty where nobody did."""
    entries = [
        entry
        for entry in body["metadata"].get("managedFields") or []
        if entry.get("manager") != FIELD_MANAGER and "f:spec" in (entry.get("fieldsV1") or {}) and entry.get("time")
    ]
    if not entries:
        return ""
    last = max(entries, key=lambda entry: str(entry["time"]))
    return f"{last['manager']}, at {last['time']},"
