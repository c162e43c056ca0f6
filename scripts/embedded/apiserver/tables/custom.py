"""Columns that a CustomResourceDefinition adds: additionalPrinterColumns, with the JSON paths that they use."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from embedded.apiserver.tables.columns import Column, age

_STEP = re.compile(
    r"""\.(?P<field>(?:\\.|[\w$-])+)          # .spec, .example\.com/name
      | \['(?P<quoted>[^']+)'\]               # ['name']
      | \[(?P<index>\d+)\]                    # [0]
      | \[(?P<all>\*)\]                       # [*]
      | \[\?\(@\.(?P<key>[\w.]+)\s*==\s*["'](?P<value>[^"']*)["']\)\]   # [?(@.type=="Ready")]
    """,
    re.VERBOSE,
)


def column(definition: Mapping[str, Any]) -> Column:
    """Return the column that an entry of additionalPrinterColumns describes."""
    read = path(definition["jsonPath"])
    as_age = definition.get("type") == "date"

    def cell(body: Mapping[str, Any]) -> Any:
        found = read(body)
        if not found:
            return "" if not as_age else "<unknown>"
        if as_age:
            return age(found[0])
        texts = [value if isinstance(value, str) else json.dumps(value, separators=(",", ":")) for value in found]
        return ",".join(texts) if len(found) > 1 or definition.get("type") == "string" else found[0]

    wide = int(definition.get("priority", 0)) > 0
    return Column(definition["name"], cell, wide, "string" if as_age else definition.get("type", "string"))


def path(text: str) -> Callable[[Any], list[Any]]:
    """Return a function that finds what stands at a JSON path; steps that it does not know find nothing."""
    steps = [found.groupdict() for found in _STEP.finditer(text)]
    understood = "".join(found[0] for found in _STEP.finditer(text)) == text

    def read(body: Any) -> list[Any]:
        values = [body] if understood else []
        for step in steps:
            values = [below for value in values for below in _below(value, step)]
        return values

    return read


def _below(value: Any, step: dict[str, str | None]) -> list[Any]:
    name = (step["field"] or "").replace("\\.", ".") or step["quoted"]
    if name:
        return [value[name]] if isinstance(value, dict) and value.get(name) is not None else []
    if not isinstance(value, list):
        return []
    if step["index"]:
        return value[int(step["index"]) :][:1]
    if step["all"]:
        return value
    return [item for item in value if isinstance(item, dict) and str(item.get(step["key"] or "")) == step["value"]]
