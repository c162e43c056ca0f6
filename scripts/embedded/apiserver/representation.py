"""The forms in which objects are answered: as they are, metadata alone, or as a table for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from embedded.apiserver import errors, tables
from embedded.apiserver.resources import Resource

Object = dict[str, Any]
_JSON = "application/json"


@dataclass(frozen=True)
class Form:
    """What the client accepts.

    Attributes:
        name: empty for the objects themselves, ``Table``, ``PartialObjectMetadata`` or ``PartialObjectMetadataList``.
        include: how much of each object a table carries: Metadata, Object or None.
        columns: additional columns of the kind, of its CustomResourceDefinition.
    """

    name: str = ""
    include: str = "Metadata"
    columns: tuple[Mapping[str, Any], ...] | None = None

    def item(self, resource: Resource, body: Object) -> Object:
        """Return one object in this form."""
        if self.name == "Table":
            return self.items(resource, [body], {"resourceVersion": body["metadata"].get("resourceVersion", "")})
        if self.name:
            return _metadata_only(body)
        return body

    def items(self, resource: Resource, bodies: Iterable[Object], meta: Object) -> Object:
        """Return a list of objects in this form."""
        if self.name == "Table":
            return tables.table(resource, bodies, meta, self.include, self.columns)
        if self.name:
            kind = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1"}
            return {**kind, "metadata": meta, "items": [_metadata_only(body) for body in bodies]}
        kind = {"kind": f"{resource.kind}List", "apiVersion": resource.api_version}
        return {**kind, "metadata": meta, "items": list(bodies)}


def accepted(request: web.Request) -> tuple[str, dict[str, str]]:
    """Return the media type's ``as`` parameter (empty: none) and its other parameters.

    Raises:
        ApiError: 406 when the client takes nothing that this server writes.
    """
    header = request.headers.get("Accept", "") or "*/*"
    for entry in header.split(","):
        kind, *parameters = (part.strip() for part in entry.split(";"))
        options = dict(part.partition("=")[::2] for part in parameters)
        if kind in (_JSON, "*/*", "application/*"):
            return options.get("as", ""), options
    why = f"only the following media types are accepted: {_JSON}"
    raise errors.ApiError(406, "NotAcceptable", why)


def form(request: web.Request, columns: tuple[Mapping[str, Any], ...] | None) -> Form:
    """Return the form that the client accepts."""
    name, _ = accepted(request)
    if name not in ("Table", "PartialObjectMetadata", "PartialObjectMetadataList"):
        return Form()
    return Form(name, request.query.get("includeObject", "Metadata"), columns)


def answer(body: Any, status: int = 200, warnings: Iterable[str] = ()) -> web.Response:
    """Return a response with JSON, and a ``Warning`` header for each warning."""
    response = web.Response(body=encode(body), status=status, content_type=_JSON)
    for warning in warnings:
        response.headers.add("Warning", f"299 - {json.dumps(warning)}")
    return response


def encode(body: Any) -> bytes:
    """Write JSON as it goes over the wire."""
    return json.dumps(body, separators=(",", ":")).encode()


def _metadata_only(body: Object) -> Object:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": body["metadata"]}
