"""The fields of the built-in kinds: their names, types and first sentence of documentation.

The server needs them to refuse misspelt fields, to merge lists by their keys and to answer ``kubectl explain``.
They stand in ``types.json``, which `embedded.apiserver.schemas.generate` takes from the official Python client.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path

from embedded.apiserver.resources import Resource

TYPES_FILE = Path(__file__).with_name("types.json")
# The client prefixes its classes with the version; only two kinds go by another name than version plus kind.
_CLASS_NAMES = {("", "Event"): "CoreV1Event"}
SCALARS = frozenset({"str", "bytes", "int", "bool", "float", "datetime", "object"})
_CONTAINER = re.compile(r"^(List|Dict)\[(?:str, )?(.+)\]$")


@dataclass(frozen=True)
class Field:
    """One field of a type.

    Attributes:
        kind: ``scalar``, ``list`` or ``map`` (of `type`), or ``object`` (a type of its own).
        type: name of the type, or of the elements' type: a key of `types`, or one of `SCALARS`.
        description: first sentence of its documentation.
    """

    kind: str
    type: str
    description: str


@dataclass(frozen=True)
class Type:
    """One structured type, such as ``V1PodSpec``."""

    name: str
    description: str
    fields: dict[str, Field]
    required: frozenset[str]


@functools.cache
def types() -> dict[str, Type]:
    """Return all known types by name."""
    raw = json.loads(TYPES_FILE.read_text())
    return {name: _read(name, entry) for name, entry in raw.items()}


def type_of(resource: Resource) -> Type | None:
    """Return the type of a kind's objects; None for kinds that a CustomResourceDefinition added."""
    version = resource.version[:1].upper() + resource.version[1:]
    return types().get(_CLASS_NAMES.get((resource.group, resource.kind), version + resource.kind))


def _read(name: str, entry: dict[str, object]) -> Type:
    fields = entry["fields"]
    required = entry["required"]
    assert isinstance(fields, dict)  # noqa: S101 - the file is generated; this is for the type checker
    assert isinstance(required, list)  # noqa: S101
    return Type(
        name,
        str(entry["description"]),
        {key: _field(kind, text) for key, (kind, text) in fields.items()},
        frozenset(required),
    )


def _field(declared: str, description: str) -> Field:
    container = _CONTAINER.match(declared)
    if container:
        return Field("list" if container[1] == "List" else "map", container[2], description)
    return Field("scalar" if declared in SCALARS else "object", declared, description)
