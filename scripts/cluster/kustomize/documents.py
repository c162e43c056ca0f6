"""Reading YAML as kustomize does: YAML 1.2 scalars, no key twice, every error with its file and line."""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from cluster.errors import ClusterError

Object = dict[str, Any]


class ManifestError(ClusterError):
    """A manifest that cannot be used; the text is one line for people that names file, place and problem."""


class _Loader(yaml.SafeLoader):
    """PyYAML with the scalars of YAML 1.2: `on` is a string, and so is 12:30."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own design

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _value in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.MarkedYAMLError(None, None, f"key {key!r} is given twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def _refuse_date(_loader: _Loader, node: yaml.ScalarNode) -> None:
    raise yaml.MarkedYAMLError(None, None, f"the date {node.value} must be put in quotes", node.start_mark)


_SCALARS = (
    ("null", r"^(~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^([-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", list("-+0123456789")),
    ("float", r"^[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)([eE][-+]?[0-9]+)?$", list("-+0123456789.")),
    ("merge", r"^<<$", ["<"]),
    ("timestamp", r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?$", list("0123456789")),
)
for _tag, _pattern, _first in _SCALARS:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)
# kustomize turns a bare date into a time of day, which nobody means.
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _refuse_date)


def read_text(path: Path) -> str:
    """Return a file's text.

    Raises:
        ManifestError: there is no such file, or it is no text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ManifestError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise ManifestError(f"{path}: is no UTF-8 text (byte {error.start})") from None


def parse(text: str, source: str) -> list[Any]:
    """Return all documents of a YAML text, empty ones left out.

    Args:
        text: the YAML.
        source: where it comes from, for error messages.

    Raises:
        ManifestError: the text is not YAML; the message names the line.
    """
    try:
        documents = yaml.load_all(text, _Loader)
        return [_unshared(document) for document in documents if document is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{source}:{mark.line + 1}" if mark else source
        raise ManifestError(f"{where}: wrong YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise ManifestError(f"{source}: wrong YAML: {' '.join(str(error).split())}") from None


def _unshared(value: Any) -> Any:
    """Return a deep copy in which an anchor and its aliases are values of their own: later steps change in place."""
    if isinstance(value, dict):
        return {key if isinstance(key, str) else str(key): _unshared(each) for key, each in value.items()}
    return [_unshared(each) for each in value] if isinstance(value, list) else value


def parse_objects(text: str, source: str) -> list[Object]:
    """Return all Kubernetes objects of a YAML text.

    Raises:
        ManifestError: a document is no object with apiVersion, kind and metadata.name.
    """
    documents = parse(text, source)
    for document in documents:
        if not isinstance(document, dict):
            raise ManifestError(f"{source}: expected an object, found {type(document).__name__}")
        missing = [field for field in ("apiVersion", "kind") if not isinstance(document.get(field), str)]
        metadata = document.get("metadata")
        if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
            missing.append("metadata.name")
        if missing:
            raise ManifestError(f"{source}: an object needs {', '.join(missing)}")
    return documents
