"""Istio's notations of durations, shares and string matches in Envoy's words."""

from __future__ import annotations

import re
from typing import Any

Object = dict[str, Any]
TYPES = "type.googleapis.com/"

_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = re.compile(r"([0-9.]+)(ms|h|m|s)")
_MILLION = 1_000_000


def typed(kind: str, **fields: Any) -> Object:
    """Return an object with its protobuf type, as Envoy wants it wherever any type may stand."""
    return {"@type": TYPES + kind, **fields}


def duration(text: str) -> str:
    """Turn Go's notation, such as ``1m30s`` or ``250ms``, into protobuf's seconds."""
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
    return f"{seconds:.6f}".rstrip("0").rstrip(".") + "s"


def share(percentage: Object | None, unsaid: float) -> Object:
    """Turn a ``percentage`` into Envoy's fraction.

    Args:
        percentage: the field, if it is there.
        unsaid: percent that is meant without it.
    """
    value = unsaid if percentage is None else float(percentage.get("value", 0))
    return {"numerator": round(value * _MILLION / 100), "denominator": "MILLION"}


def string_match(match: Object) -> Object:
    """Turn a non-empty ``StringMatch`` into Envoy's."""
    if "regex" in match:
        return {"safe_regex": {"regex": match["regex"]}}
    return {"prefix": match["prefix"]} if "prefix" in match else {"exact": match.get("exact", "")}


def without_none(**fields: Any) -> Object:
    """Return the fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}
