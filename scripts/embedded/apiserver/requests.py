"""What a request asks for: the address taken apart, its parameters, its body."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from aiohttp import web

from embedded.apiserver import errors, protobuf

# Subresources of a namespace itself; anything else below a namespace is a kind.
_OF_NAMESPACES = ("status", "finalize")
_FALSE = ("", "0", "false")


@dataclass(frozen=True)
class Address:
    """An address of the API.

    Attributes:
        group: API group, empty for the core one.
        version: its version.
        namespace: None for all namespaces or a cluster-wide kind.
        plural: kind; empty when only the group is addressed.
        name: object; empty for the collection.
        subresource: such as ``status``.
        tail: what follows the subresource, for ``proxy``.
    """

    group: str
    version: str
    namespace: str | None
    plural: str
    name: str
    subresource: str
    tail: str


def parse(path: str) -> Address | None:
    """Take an address apart; None when it is not one of a kind."""
    parts = path.strip("/").split("/")
    if parts[0] == "api" and len(parts) > 1:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) > 2:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    namespace = None
    if len(rest) > 2 and rest[0] == "namespaces" and rest[2] not in _OF_NAMESPACES:
        namespace, rest = rest[1], rest[2:]
    plural, name, subresource = (*rest, "", "", "")[:3]
    tail = "/".join(rest[3:]) + ("/" if path.endswith("/") and len(rest) > 3 else "")
    return Address(group, version, namespace, plural, name, subresource, tail)


def truthy(query: Mapping[str, str], name: str) -> bool:
    """Tell whether a query parameter is set and true."""
    return query.get(name, "").lower() not in _FALSE


def integer(query: Mapping[str, str], name: str) -> int | None:
    """Return a query parameter as a number, None if it is absent.

    Raises:
        ApiError: 400 when it is no number.
    """
    text = query.get(name)
    if not text:
        return None
    if not text.isdigit():
        raise errors.bad_request(f'{name}: Invalid value: "{text}": must be a number')
    return int(text)


def dry_run(query: Mapping[str, str], body: Any = None) -> bool:
    """Tell whether nothing shall be stored.

    Raises:
        ApiError: 400 for anything but ``All``.
    """
    wanted = [query["dryRun"]] if query.get("dryRun") else (body or {}).get("dryRun") or []
    if wanted not in ([], ["All"]):
        raise errors.bad_request(f'dryRun: Unsupported value: {json.dumps(wanted)}: supported values: "All"')
    return bool(wanted)


async def read_body(request: web.Request) -> Any:
    """Return the body as JSON data; None if there is none.

    Raises:
        ApiError: 400 when it cannot be read, 415 for protobuf of a kind that is not known in that form.
    """
    text = await request.read()
    if not text:
        return None
    if request.content_type == protobuf.CONTENT_TYPE:
        return protobuf.decode(text)
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except ValueError as error:
        if "yaml" not in request.content_type:
            raise errors.bad_request(f"the body of the request is not JSON: {error}") from error
    except RecursionError as error:
        raise errors.bad_request("the body of the request is nested too deeply") from error
    return _read_yaml(text)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _read_yaml(text: bytes) -> Any:
    try:
        # By way of JSON, which knows no keys but texts.
        return json.loads(json.dumps(yaml.load(text, Loader=_PlainLoader)))  # noqa: S506 - safe, with fewer types
    except (yaml.YAMLError, TypeError, ValueError, RecursionError) as error:
        raise errors.bad_request(f"error decoding YAML: {error}") from error


class _PlainLoader(yaml.SafeLoader):
    """Reads YAML as JSON data: dates stay text."""


_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def field_manager(request: web.Request) -> str:
    """Return under which name the client owns fields: as it says, else the first part of its user agent."""
    named = request.query.get("fieldManager")
    return named or request.headers.get("User-Agent", "unknown").partition("/")[0]
