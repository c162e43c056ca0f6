"""An HTTPMatchRequest becomes Envoy's route match."""

from __future__ import annotations

from typing import Any

from embedded.mesh.schemas import MATCH
from embedded.mesh.values import string_match

Object = dict[str, Any]

EVERYTHING: Object = {"prefix": "/"}
# Conditions on the request's own lines, which HTTP/2 and so Envoy treat as headers.
_PSEUDO_HEADERS = {"method": ":method", "authority": ":authority", "scheme": ":scheme"}


def usable(match: Object) -> bool:
    """Tell whether every condition is understood; ignoring one would match requests that were not meant."""
    return not set(match) - set(MATCH["properties"])


def route_match(match: Object) -> Object:
    """Return the match of an Envoy route."""
    headers = [_header(pseudo, match[field]) for field, pseudo in _PSEUDO_HEADERS.items() if match.get(field)]
    headers += [_header(name, value) for name, value in (match.get("headers") or {}).items()]
    headers += [{**_header(name, value), "invert_match": True} for name, value in _without(match).items()]
    query = [_query(name, value) for name, value in (match.get("queryParams") or {}).items()]
    return {
        **_path(match),
        **({"headers": headers} if headers else {}),
        **({"query_parameters": query} if query else {}),
    }


def catches_all(match: Object) -> bool:
    """Tell whether an Envoy route match lets every request through."""
    return match == EVERYTHING or match == {"safe_regex": {"regex": ".*"}}


def _without(match: Object) -> Object:
    return match.get("withoutHeaders") or {}


def _path(match: Object) -> Object:
    uri = match.get("uri") or {}
    if "regex" in uri:
        return {"safe_regex": {"regex": uri["regex"]}}
    path = {"path": uri["exact"]} if "exact" in uri else {"prefix": uri.get("prefix", "/")}
    return {**path, "case_sensitive": False} if match.get("ignoreUriCase") else path


def _header(name: str, match: Object) -> Object:
    if not match:
        return {"name": name, "present_match": True}
    return {"name": name, "string_match": string_match(match)}


def _query(name: str, match: Object) -> Object:
    if not match or match == {"exact": ""}:
        return {"name": name, "present_match": True}
    return {"name": name, "string_match": string_match(match)}
