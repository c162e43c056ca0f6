"""Header operations of a route or a destination in Envoy's words."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]

_AUTHORITY = ("host", ":authority")


def mutations(headers: Object | None) -> Object:
    """Return the fields of an Envoy route or weighted cluster that change headers."""
    fields: Object = {}
    for side in ("request", "response"):
        operations = (headers or {}).get(side) or {}
        added = [_option(name, value, "OVERWRITE_IF_EXISTS_OR_ADD") for name, value in _items(operations, "set")]
        added += [_option(name, value, "APPEND_IF_EXISTS_OR_ADD") for name, value in _items(operations, "add")]
        removed = list(operations.get("remove") or ())
        fields |= {f"{side}_headers_to_add": added} if added else {}
        fields |= {f"{side}_headers_to_remove": removed} if removed else {}
    return fields


def authority(headers: Object | None) -> str | None:
    """Return the host that a request is to be given; Envoy does not change it like any other header."""
    operations = ((headers or {}).get("request") or {}).get("set") or {}
    return next((value for name, value in operations.items() if name.lower() in _AUTHORITY), None)


def _items(operations: Object, name: str) -> list[tuple[str, str]]:
    return [item for item in (operations.get(name) or {}).items() if item[0].lower() not in _AUTHORITY]


def _option(name: str, value: str, action: str) -> Object:
    return {"header": {"key": name, "value": value}, "append_action": action}
