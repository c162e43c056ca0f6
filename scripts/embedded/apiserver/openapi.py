"""OpenAPI documents, as far as kubectl reads them: which patches there are, and the fields for ``kubectl explain``."""

from __future__ import annotations

from typing import Any

from embedded.apiserver import definitions, schemas
from embedded.apiserver.patches import APPLY_PATCHES, JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH
from embedded.apiserver.resources import Resource, ResourceRegistry
from embedded.apiserver.shapes import Shape
from embedded.apiserver.store import Store

Object = dict[str, Any]
_SCALARS: dict[str, Object] = {
    "str": {"type": "string"},
    "bytes": {"type": "string", "format": "byte"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "datetime": {"type": "string", "format": "date-time"},
    "object": {"type": "object"},
}
_INFO = {"title": "Kubernetes", "version": "v1"}
_REF = "#/components/schemas/"


def v2() -> Object:
    """Return the Swagger document: kubectl takes it as a sign of life, and knows the built-in kinds itself."""
    return {"swagger": "2.0", "info": _INFO, "paths": {}, "definitions": {}}


def index(registry: ResourceRegistry) -> Object:
    """Return where the documents of the groups are."""
    paths = {_path(resource) for resource in registry}
    return {"paths": {path: {"serverRelativeURL": f"/openapi/v3/{path}"} for path in sorted(paths)}}


def document(store: Store, registry: ResourceRegistry, path: str) -> Object | None:
    """Return the document of a group and version; None if that is not served."""
    found = [resource for resource in registry if _path(resource) == path]
    if not found:
        return None
    components: Object = {}
    paths: Object = {}
    for resource in found:
        _add_schema(store, resource, components)
        paths |= _operations(resource)
    return {"openapi": "3.0.0", "info": _INFO, "paths": paths, "components": {"schemas": components}}


def _path(resource: Resource) -> str:
    return f"apis/{resource.api_version}" if resource.group else f"api/{resource.version}"


def _schema_name(resource: Resource) -> str:
    known = schemas.type_of(resource)
    return known.name if known else f"{resource.group}.{resource.version}.{resource.kind}"


def _kind(resource: Resource) -> Object:
    return {"group": resource.group, "version": resource.version, "kind": resource.kind}


def _operations(resource: Resource) -> Object:
    base = f"/{_path(resource)}/" + ("namespaces/{namespace}/" if resource.namespaced else "") + resource.plural
    content = [JSON_PATCH, MERGE_PATCH, APPLY_PATCHES[0]]
    if schemas.type_of(resource):
        content.append(STRATEGIC_MERGE_PATCH)
    schema = {"schema": {"$ref": f"{_REF}{_schema_name(resource)}"}}
    options = [
        {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
        for name in ("dryRun", "fieldManager", "fieldValidation")
    ]
    common = {"x-kubernetes-group-version-kind": _kind(resource), "parameters": options}
    answers = {"200": {"description": "OK", "content": {"application/json": schema}}}
    read = {"x-kubernetes-group-version-kind": _kind(resource), "responses": answers}
    patch = {"requestBody": {"content": {kind: {"schema": {"type": "object"}} for kind in content}}}
    return {
        base: {
            "get": {**read, "x-kubernetes-action": "list"},
            "post": {**common, "x-kubernetes-action": "post", "responses": answers},
        },
        f"{base}/{{name}}": {
            "get": {**read, "x-kubernetes-action": "get"},
            "put": {**common, "x-kubernetes-action": "put", "responses": answers},
            "patch": {**common, **patch, "x-kubernetes-action": "patch", "responses": answers},
        },
    }


def _add_schema(store: Store, resource: Resource, components: Object) -> None:
    known = schemas.type_of(resource)
    kind = {"x-kubernetes-group-version-kind": [_kind(resource)]}
    if known:
        _add_type(known, components)
        components[known.name] |= kind
        return
    _add_type(schemas.types()["V1ObjectMeta"], components)
    own = definitions.schema_of(store, resource) or {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    fields = {**own.get("properties", {}), "metadata": {"$ref": f"{_REF}V1ObjectMeta"}}
    for name in ("apiVersion", "kind"):
        fields.setdefault(name, {"type": "string"})
    components[_schema_name(resource)] = {**own, "properties": fields, **kind}


def _add_type(known: schemas.Type, components: Object) -> None:
    if known.name in components:
        return
    properties: Object = {}
    components[known.name] = {"type": "object", "description": known.description, "properties": properties}
    if known.required:
        components[known.name]["required"] = sorted(known.required)
    for name, field in known.fields.items():
        properties[name] = {"description": field.description, **_field(field), **_merge_rules(known.name, name)}
        below = schemas.types().get(field.type)
        if below:
            _add_type(below, components)


def _merge_rules(owner: str, name: str) -> Object:
    """Say how a field is merged: clients compute strategic merge patches by that."""
    shape = Shape("object", owner).field(name)
    if shape.kind == "keyed":
        strategy = "merge,retainKeys" if name == "volumes" else "merge"
        keys = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(shape.keys)}
        return {"x-kubernetes-patch-strategy": strategy, "x-kubernetes-patch-merge-key": shape.keys[0], **keys}
    if shape.kind == "set":
        return {"x-kubernetes-patch-strategy": "merge", "x-kubernetes-list-type": "set"}
    if shape.kind == "list":
        return {"x-kubernetes-list-type": "atomic"}
    if shape.atomic:
        return {"x-kubernetes-map-type": "atomic"}
    return {"x-kubernetes-patch-strategy": "retainKeys"} if shape.type == "V1DeploymentStrategy" else {}


def _field(field: schemas.Field) -> Object:
    scalar = _SCALARS.get(field.type)
    element = dict(scalar) if scalar else {"allOf": [{"$ref": f"{_REF}{field.type}"}]}
    if field.kind == "list":
        return {"type": "array", "items": element}
    if field.kind == "map":
        return {"type": "object", "additionalProperties": element}
    return element
