"""The shape of a report, and of its parts."""

from __future__ import annotations

import datetime
import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

SCHEMA = Path(__file__).with_name("report.schema.json")
_FORMATS = FormatChecker()


@_FORMATS.checks("date-time", raises=ValueError)
def _is_date_time(text: Any) -> bool:
    """Tell whether it is a time, which the library leaves to a package of its own."""
    return not isinstance(text, str) or bool(datetime.datetime.fromisoformat(text))


def check(report: Any) -> None:
    """See that a report has the shape that everybody relies on.

    Raises:
        jsonschema.ValidationError: it has not.
    """
    Draft202012Validator(_schema(), format_checker=_FORMATS).validate(report)


def fits(part: Any, definition: str) -> bool:
    """Tell whether a part of a report has the shape of one of the schema's definitions."""
    schema = {"$defs": _schema()["$defs"], "$ref": f"#/$defs/{definition}"}
    return Draft202012Validator(schema, format_checker=_FORMATS).is_valid(part)


@cache
def _schema() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return loaded
