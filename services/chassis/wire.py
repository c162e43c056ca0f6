"""What goes over the wire: bodies, queries and headers become checked models, and models become answers.

A request that does not fit ends in a problem that names each field and its fix, taken from the model's descriptions.
"""

from __future__ import annotations

import uuid
from typing import Annotated, Any, TypeVar

from flask import Response, request
from pydantic import BaseModel, BeforeValidator, Field, ValidationError
from pydantic_core import ErrorDetails

from chassis.problems import FieldError, Problem, invalid

M = TypeVar("M", bound=BaseModel)


def _refuse_other_than_number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("Input should be a whole number")
    return value


# JSON knows one kind of number: 2.0 is as whole as 2, while "2" and true are no numbers.
WholeNumber = Annotated[int, Field(strict=False), BeforeValidator(_refuse_other_than_number)]


def body(kind: type[M]) -> M:
    """Return the JSON body of the current request.

    Args:
        kind: the model that it must fit.

    Raises:
        Problem: 415 for another media type, 400 for what is no JSON, 422 for wrong fields.
    """
    if request.mimetype != "application/json" or request.headers.get("Content-Encoding"):
        raise Problem(415, "Send the body as JSON, with the header Content-Type: application/json.")
    try:
        return kind.model_validate_json(request.get_data(cache=True))
    except ValidationError as error:
        details = error.errors(include_url=False)
        if details[0]["type"] == "json_invalid":
            raise Problem(400, f"The body is not JSON: {details[0]['ctx']['error']}.", kind="malformed") from None
        raise invalid("Some fields of the body are wrong.", *_explain(kind, details)) from None


def query(kind: type[M]) -> M:
    """Return the query of the current request.

    Args:
        kind: the model that it must fit; parameters that it does not know are ignored.

    Raises:
        Problem: 422 for wrong or repeated parameters.
    """
    values = {}
    for name, found in request.args.to_dict(flat=False).items():
        if name in kind.model_fields and len(found) > 1:
            raise invalid("A query parameter is wrong.", FieldError(field=name, detail="given twice", fix="Send one."))
        values[name] = found[0]
    return _validated(kind, values, "Some query parameters are wrong.")


def header(kind: type[M]) -> M:
    """Return the headers of the current request that a model names, by their aliases.

    Raises:
        Problem: 422 for wrong ones.
    """
    names = [field.alias or name for name, field in kind.model_fields.items()]
    values = {name: request.headers[name] for name in names if name in request.headers}
    return _validated(kind, values, "Some headers are wrong.")


def identifier(text: str, what: str) -> uuid.UUID:
    """Return the id in a path.

    Args:
        text: last part of the path.
        what: the kind of thing, for people.

    Raises:
        Problem: 404 when no such thing can exist.
    """
    try:
        found = uuid.UUID(text)
    except ValueError:
        found = None
    if found is None or str(found) != text.lower():
        raise Problem(404, f"There is no {what} with this id. Ids are UUIDs, as the service returned them.")
    return found


def answer(model: BaseModel, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a model as a JSON response."""
    return Response(model.model_dump_json(), status, headers, content_type="application/json")


def _validated(kind: type[M], values: dict[str, str], detail: str) -> M:
    try:
        return kind.model_validate_strings(values)
    except ValidationError as error:
        raise invalid(detail, *_explain(kind, error.errors(include_url=False))) from None


def _explain(kind: type[BaseModel], details: list[ErrorDetails]) -> list[FieldError]:
    return [
        FieldError(
            field=".".join(str(part) for part in item["loc"]) or "(body)",
            detail=item["msg"].removeprefix("Value error, "),
            fix=_fix(kind, item["loc"]),
        )
        for item in details
    ]


def _fix(kind: type[BaseModel], location: tuple[int | str, ...]) -> str:
    """Return the description of the field in the model, which says what would be right."""
    schema = kind.model_json_schema()
    node: dict[str, Any] = schema
    description = "the fields that /openapi.json describes"
    for part in location:
        node = _child(schema, node, part)
        description = node.get("description", description)
    return f"Send {description}."


def _child(schema: dict[str, Any], node: dict[str, Any], part: int | str) -> dict[str, Any]:
    """Step from a part of a JSON schema into one of its items or properties."""
    options = [node, *node.get("anyOf", [])]
    for option in options:
        if "$ref" in option:
            options.append(schema["$defs"][option["$ref"].rpartition("/")[2]])
        found = option.get("items") if isinstance(part, int) else option.get("properties", {}).get(part)
        if found is not None:
            child: dict[str, Any] = found
            return child
    return {}
