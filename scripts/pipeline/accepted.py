"""Vulnerabilities that the team knows and lives with for a while: accepted.yaml, each with a reason and an end."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import RefusedError

FILE = Path("scripts") / "pipeline" / "accepted.yaml"
_FIELDS = {"id", "reason", "until"}


def load(path: Path = FILE, today: date | None = None) -> frozenset[str]:
    """Return the identifiers that are accepted today; one whose end has passed counts no more.

    Raises:
        RefusedError: an entry does not say which, why and until when.
    """
    try:
        content = yaml.safe_load(path.read_text()) or []
    except (OSError, yaml.YAMLError) as error:
        raise RefusedError(f"{path} cannot be read: {' '.join(str(error).split())}") from None
    if not isinstance(content, list):
        raise RefusedError(f"{path} is no list")
    return frozenset(entry["id"] for entry in map(_checked, content) if (today or date.today()) <= entry["until"])


def covers(accepted: Collection[str], names: Collection[str]) -> bool:
    """Tell whether a vulnerability is accepted under any of its names."""
    return not set(accepted).isdisjoint(names)


def _checked(entry: Any) -> dict[str, Any]:
    right = isinstance(entry, dict) and entry.keys() == _FIELDS and isinstance(entry["until"], date)
    if not right or not all(isinstance(entry[name], str) and entry[name].strip() for name in ("id", "reason")):
        raise RefusedError(
            f"{FILE}: each entry has an id, a reason, and until (a date such as 2027-01-31), not {entry}"
        )
    return dict(entry)
