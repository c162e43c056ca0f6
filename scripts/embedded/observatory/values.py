"""Values of attributes, as OTLP has them and as JSON has them."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue

_JAEGER_TYPES = {bool: "bool", int: "int64", float: "float64"}


def plain(value: AnyValue) -> Any:
    """Return what an attribute holds: text, number, truth, list or dict; bytes as base64."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [plain(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return {pair.key: plain(pair.value) for pair in value.kvlist_value.values}
    if kind == "bytes_value":
        return base64.b64encode(value.bytes_value).decode()
    return getattr(value, kind) if kind else ""


def tag(key: str, value: Any) -> dict[str, Any]:
    """Return a tag in Jaeger's JSON; what Jaeger has no type for becomes text."""
    kind = _JAEGER_TYPES.get(type(value))
    if isinstance(value, float) and not math.isfinite(value):
        # Python would write what no other reader of JSON takes.
        kind, value = None, str(value)
    if kind is None and not isinstance(value, str):
        value = json.dumps(value)
    return {"key": key, "type": kind or "string", "value": value}


def text(value: Any) -> str:
    """Return a value as clients write it in a search: booleans as true and false."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
