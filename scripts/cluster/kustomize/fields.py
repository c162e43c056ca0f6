"""Small helpers for reading and changing nested fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cluster.kustomize.documents import ManifestError, Object


def known(value: Any, names: set[str], source: str) -> Object:
    """Return a mapping all of whose members are known.

    Raises:
        ManifestError: it is no mapping, or has a member that this renderer does not know.
    """
    if not isinstance(value, dict):
        raise ManifestError(f"{source}: expected a mapping, found {type(value).__name__}")
    for name in value:
        if name not in names:
            raise ManifestError(f"{source}: field {name} is not supported; supported are {', '.join(sorted(names))}")
    return value


def entries(value: Any, source: str) -> list[Any]:
    """Return a list, empty where there is none.

    Raises:
        ManifestError: it is something else.
    """
    if value is not None and not isinstance(value, list):
        raise ManifestError(f"{source}: expected a list, found {type(value).__name__}")
    return value or []


def text(value: Any, source: str) -> str:
    """Return a string.

    Raises:
        ManifestError: it is something else, such as a tag that YAML reads as a number.
    """
    if not isinstance(value, str) or not value:
        raise ManifestError(f"{source}: expected a string, found {value!r}")
    return value


def strings(value: Any, source: str) -> dict[str, str]:
    """Return a mapping of strings, such as labels.

    Raises:
        ManifestError: a member is no string; the message says to quote it.
    """
    if not isinstance(value, dict):
        raise ManifestError(f"{source}: expected a mapping, found {type(value).__name__}")
    for key, each in value.items():
        if not isinstance(key, str) or not isinstance(each, str):
            raise ManifestError(f"{source}: {key}: {each} is no string; put it in quotes")
    return value


def mapping(body: Object, name: str) -> Object:
    """Return a member that is a mapping; it is made where there is none."""
    if not isinstance(body.get(name), dict):
        body[name] = {}
    member: Object = body[name]
    return member


def visit(body: Any, path: str, change: Callable[[Object, str], None], create: bool = False) -> None:
    """Call `change(parent, key)` for each field at a path such as ``spec/containers[]/image``.

    Args:
        body: where the path starts.
        path: members, separated by slashes; ``[]`` stands for every item of a list.
        change: reads or sets ``parent[key]``.
        create: make mappings that are missing, the last one included.
    """
    head, _, rest = path.partition("/")
    if not isinstance(body, dict):
        return
    key = head.removesuffix("[]")
    if not rest:
        if create or key in body:
            change(body, key)
        return
    if create and key == head:
        mapping(body, key)
    for child in _children(body.get(key), head.endswith("[]")):
        visit(child, rest, change, create)


def _children(value: Any, is_list: bool) -> Iterator[Any]:
    if is_list:
        yield from value if isinstance(value, list) else []
    elif value is not None:
        yield value
