"""Structural schemas of custom kinds: defaults, unknown fields and validation, as the CustomResourceDefinition says."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import jsonschema

Schema = dict[str, Any]
_ALWAYS = ("apiVersion", "kind", "metadata")


def prune(body: Any, schema: Schema, path: str = "") -> list[str]:
    """Take fields out of an object that its schema does not have, and return their paths."""
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        return []
    if isinstance(body, list):
        items = schema.get("items") or {}
        return [lost for at, item in enumerate(body) for lost in prune(item, items, f"{path}[{at}]")]
    if not isinstance(body, dict) or schema.get("type") != "object":
        return []
    return _prune_fields(body, schema, path)


def _prune_fields(body: dict[str, Any], schema: Schema, path: str) -> list[str]:
    known = schema.get("properties") or {}
    others = schema.get("additionalProperties")
    lost = []
    for key in list(body):
        where = f"{path}.{key}" if path else key
        if not path and key in _ALWAYS:
            continue
        if key in known:
            lost += prune(body[key], known[key], where)
        elif isinstance(others, dict):
            lost += prune(body[key], others, where)
        elif not others:
            del body[key]
            lost.append(where)
    return lost


def fill(body: Any, schema: Schema) -> None:
    """Write the schema's defaults into an object."""
    if isinstance(body, list):
        for item in body:
            fill(item, schema.get("items") or {})
    if not isinstance(body, dict):
        return
    for key, below in (schema.get("properties") or {}).items():
        if key not in body and "default" in below:
            body[key] = copy.deepcopy(below["default"])
        if key in body:
            fill(body[key], below)
    others = schema.get("additionalProperties")
    if isinstance(others, dict):
        for key in body.keys() - (schema.get("properties") or {}).keys():
            fill(body[key], others)


def fault(schema: Schema) -> str | None:
    """Return what is wrong with a schema itself, None if nothing is."""
    try:
        jsonschema.Draft4Validator.check_schema(_plain(schema))
        for pattern in _patterns(schema):
            re.compile(pattern)
    except jsonschema.SchemaError as error:
        return error.message
    except re.error as error:
        return f"not a regular expression: {error}"
    return None


def _patterns(schema: Any) -> Iterator[str]:
    for key, below in schema.items() if isinstance(schema, dict) else enumerate(schema):
        if key == "pattern" and isinstance(below, str):
            yield below
        elif isinstance(below, dict | list):
            yield from _patterns(below)


def problems(body: dict[str, Any], schema: Schema) -> list[tuple[str, str]]:
    """Find what the schema does not allow, in Kubernetes' words where it has some."""
    content = {key: value for key, value in body.items() if key not in _ALWAYS}
    found = jsonschema.Draft4Validator(_plain(schema)).iter_errors(content)
    return [_problem(error) for error in sorted(found, key=lambda error: list(map(str, error.absolute_path)))]


def _problem(error: jsonschema.ValidationError) -> tuple[str, str]:
    path = ""
    for step in error.absolute_path:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
    expected: Any = error.validator_value
    instance: Any = error.instance
    if error.validator == "required":
        missing = next((key for key in expected if key not in instance), "")
        return (f"{path}.{missing}" if path else missing), "Required value"
    if error.validator == "enum":
        values = ", ".join(f'"{value}"' for value in expected)
        return path, f'Unsupported value: "{instance}": supported values: {values}'
    return path, f"Invalid value: {error.message}"


def _plain(schema: Any) -> Any:
    """Translate what OpenAPI says otherwise than JSON schema: nullable, int-or-string; metadata is the server's."""
    if isinstance(schema, list):
        return [_plain(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: _plain(value) for key, value in schema.items() if not key.startswith("x-kubernetes-")}
    if schema.get("x-kubernetes-int-or-string"):
        plain["type"] = ["integer", "string"]
    if schema.get("nullable") is True and isinstance(plain.get("type"), str):
        plain["type"] = [plain["type"], "null"]
    return plain
