"""Writes ``types.json`` from the official Python client, by ``python -m embedded.apiserver.schemas.generate``.

The client's files are read, not imported: the embedded cluster shall not depend on a client of itself.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from embedded.apiserver.schemas import TYPES_FILE

# Every type that one of these reaches is taken.
ROOTS = (
    "V1Namespace",
    "V1Node",
    "V1Pod",
    "V1Service",
    "V1ConfigMap",
    "V1Secret",
    "V1ServiceAccount",
    "V1PersistentVolumeClaim",
    "V1PersistentVolume",
    "CoreV1Event",
    "V1Deployment",
    "V1ReplicaSet",
    "V1Job",
    "V1EndpointSlice",
    "V2HorizontalPodAutoscaler",
    "V1PodDisruptionBudget",
    "V1NetworkPolicy",
    "V1Lease",
    "V1CustomResourceDefinition",
    "V1HorizontalPodAutoscaler",
    "V1Eviction",
    "V1DeleteOptions",
    "V1Scale",
)
_CLASS = re.compile(r"\b((?:Core|Discovery|Events|Storage|Apiextensions|Authentication)?V\d\w*)\b")


class SourceError(Exception):
    """The official client's sources cannot be read; the message says why."""


def generate() -> str:
    """Return the text of ``types.json``.

    Raises:
        SourceError: when the package is missing or does not look as expected.
    """
    models = _models()
    found: dict[str, Any] = {}
    waiting = list(ROOTS)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = _type(models / f"{_file_name(name)}.py", name)
            waiting += [reached for kind, _ in found[name]["fields"].values() for reached in _CLASS.findall(kind)]
    lines = [f"{json.dumps(name)}: {json.dumps(found[name])}" for name in sorted(found)]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _models() -> Path:
    spec = importlib.util.find_spec("kubernetes")
    if spec is None or spec.origin is None:
        raise SourceError(
            "the package `kubernetes` is not installed: run this with the project's own Python, .venv/bin/python"
        )
    return Path(spec.origin).parent / "client" / "models"


def _file_name(name: str) -> str:
    spaced = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z\d])([A-Z])", r"\1_\2", spaced).lower()


def _type(path: Path, name: str) -> dict[str, Any]:
    try:
        tree = ast.parse(path.read_text())
    except OSError as error:
        raise SourceError(f"no model {name}: {error}") from error
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    assignments = dict(_assignments(body))
    kinds = ast.literal_eval(assignments["openapi_types"])
    names = ast.literal_eval(assignments["attribute_map"])
    # A field whose name pydantic uses itself is declared as var_<name>.
    declared = {key: assignments[key if key in assignments else f"var_{key.lstrip('_')}"] for key in kinds}
    doc = _first_sentence((ast.get_docstring(body) or "").split("Attributes:")[0])
    return {
        "description": doc,
        "fields": {names[key]: [kinds[key], _description(declared[key])] for key in sorted(kinds)},
        "required": sorted(names[key] for key in kinds if not _optional(declared[key])),
    }


def _assignments(body: ast.ClassDef) -> Iterator[tuple[str, Any]]:
    for node in body.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node.value


def _description(value: ast.expr | None) -> str:
    if isinstance(value, ast.Call):
        for keyword in value.keywords:
            if keyword.arg == "description":
                return _first_sentence(ast.literal_eval(keyword.value))
    return ""


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[a-z)`\"'])\. |\n", text.strip() + " ", maxsplit=1)[0].strip().rstrip(".")


def _optional(value: ast.expr | None) -> bool:
    """Tell whether a declaration gives a default value."""
    if isinstance(value, ast.Call):
        return any(keyword.arg == "default" for keyword in value.keywords)
    return value is not None


if __name__ == "__main__":
    try:
        TYPES_FILE.write_text(generate())
    except SourceError as error:
        sys.exit(f"schemas: {error}")
