"""Points in time as objects carry them."""

from __future__ import annotations

import datetime


def stamp(moment: float) -> str:
    """Return seconds since the epoch as Kubernetes writes them."""
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(text: str) -> float:
    """Return the seconds since the epoch of a timestamp.

    Raises:
        ValueError: it is no timestamp.
    """
    return datetime.datetime.fromisoformat(text).timestamp()
