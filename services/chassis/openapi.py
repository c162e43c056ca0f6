"""The OpenAPI 3.1 document of a service, made from its routes and models."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chassis.problems import MEDIA_TYPE, ProblemDocument
from chassis.routes import Route

_PARAMETER = re.compile(r"<(\w+)>")
_REFERENCE = "#/components/schemas/{model}"
_JSON = "application/json"

# What can happen to any operation that reads a body, and to any operation at all.
_BODY_PROBLEMS = {
    400: "The body is not JSON.",
    413: "The body is too large.",
    415: "The body is of another media type.",
}
_COMMON_PROBLEMS = {500: "The service failed.", 503: "Something that the service needs is away."}
_VERSION_HEADER = {
    "X-App-Version": {"description": "the version that answered", "schema": {"type": "string"}, "required": True}
}


def describe(service: str, version: str, routes: list[Route]) -> dict[str, Any]:
    """Return the document.

    Args:
        service: name of the service.
        version: version of the API that it describes.
        routes: everything that is served.
    """
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(_PARAMETER.sub(r"{\1}", route.path), {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": service, "version": version},
        "paths": paths,
        "components": {"schemas": _schemas(routes)},
    }


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "parameters": [*_path_parameters(route.path), *_parameters(route.query, "query"), *_headers(route)],
        "responses": {str(route.status): _answer(route)} | _problems(route),
    }
    if route.body:
        operation["requestBody"] = {"required": True, "content": {_JSON: {"schema": _ref(route.body)}}}
    return operation


def _path_parameters(path: str) -> list[dict[str, Any]]:
    schema = {"type": "string", "format": "uuid"}
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in _PARAMETER.findall(path)]


def _headers(route: Route) -> list[dict[str, Any]]:
    return _parameters(route.headers, "header")


def _parameters(model: type[BaseModel] | None, place: str) -> list[dict[str, Any]]:
    """Describe each field of a model as one parameter; an optional one is left out, never sent as null."""
    if model is None:
        return []
    schema = model.model_json_schema(by_alias=True)
    required = schema.get("required", [])
    found = []
    for name, inner in schema["properties"].items():
        description = inner.pop("description", "")
        parameter = {"name": name, "in": place, "required": name in required, "description": description}
        found.append(parameter | {"schema": _without_null(inner)})
    return found


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in schema.items() if name not in ("anyOf", "default", "title")}
    for option in schema.get("anyOf", []):
        if option != {"type": "null"}:
            kept |= option
    if schema.get("default") is not None:
        kept["default"] = schema["default"]
    return kept


def _answer(route: Route) -> dict[str, Any]:
    headers = _VERSION_HEADER | {
        name: {"description": meaning, "schema": {"type": "string"}} for name, meaning in route.response_headers.items()
    }
    answer: dict[str, Any] = {"description": route.summary, "headers": headers}
    if route.returns:
        answer["content"] = {_JSON: {"schema": _ref(route.returns)}}
    return answer


def _problems(route: Route) -> dict[str, Any]:
    found = dict(_COMMON_PROBLEMS)
    if route.body:
        found |= _BODY_PROBLEMS
    if route.body or route.query or route.headers:
        found[422] = "Some fields are wrong."
    content = {MEDIA_TYPE: {"schema": _ref(ProblemDocument)}}
    return {
        str(status): {"description": meaning, "headers": _VERSION_HEADER, "content": content}
        for status, meaning in sorted((found | dict(route.problems)).items())
    }


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=model.__name__)}


def _schemas(routes: list[Route]) -> dict[str, Any]:
    models: dict[type[BaseModel], Any] = {ProblemDocument: "serialization"}
    for route in routes:
        models |= {route.body: "validation"} if route.body else {}
        models |= {route.returns: "serialization"} if route.returns else {}
    _names, schema = models_json_schema(list(models.items()), ref_template=_REFERENCE)
    found: dict[str, Any] = schema["$defs"]
    return found
