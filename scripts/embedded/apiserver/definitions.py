"""Custom kinds: what a CustomResourceDefinition adds to the API."""

from __future__ import annotations

from typing import Any

from embedded.apiserver.resources import CUSTOM_RESOURCE_DEFINITIONS, Resource, ResourceRegistry
from embedded.apiserver.store import Store, now

Object = dict[str, Any]


def resource_of(definition: Object) -> Resource:
    """Return the kind that a CustomResourceDefinition describes, in the version that it stores."""
    spec = definition["spec"]
    version = _storage_version(spec)
    names = spec["names"]
    return Resource(
        group=spec["group"],
        version=version["name"],
        plural=names["plural"],
        kind=names["kind"],
        namespaced=spec.get("scope") == "Namespaced",
        short_names=tuple(names.get("shortNames") or ()),
        subresources=tuple(sorted(version.get("subresources") or ())),
        categories=tuple(names.get("categories") or ()),
    )


def accept(definition: Object) -> None:
    """Write into a new CustomResourceDefinition that its names are free and that it is served."""
    spec = definition["spec"]
    definition["status"] = {
        "acceptedNames": spec.get("names", {}),
        "storedVersions": [version["name"] for version in spec.get("versions", ()) if version.get("storage")],
        "conditions": [
            _condition("NamesAccepted", "NoConflicts", "no conflicts found"),
            _condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ],
    }


def register_stored(store: Store, registry: ResourceRegistry) -> None:
    """Serve the kinds of all CustomResourceDefinitions that the store has."""
    for definition in store.peek(CUSTOM_RESOURCE_DEFINITIONS):
        registry.add(resource_of(definition))


def withdraw(store: Store, registry: ResourceRegistry, definition: Object) -> None:
    """Stop serving a kind, and remove its objects, finalizers or not: nothing could read them any more."""
    resource = resource_of(definition)
    for item in store.list(resource):
        namespace, name = item["metadata"].get("namespace", ""), item["metadata"]["name"]
        store.mutate(resource, namespace, name, lambda body: body["metadata"].pop("finalizers", None))
        # One that was already being deleted went with its last finalizer.
        if store.find(resource, namespace, name):
            store.delete(resource, namespace, name)
    registry.remove(resource.group, resource.plural)


def find(store: Store, resource: Resource) -> Object | None:
    """Return the stored version of the definition of a custom kind: schema, columns, subresources; None if built in."""
    if "." not in resource.group_resource:
        return None
    definition = store.find(CUSTOM_RESOURCE_DEFINITIONS, "", resource.group_resource)
    return _storage_version(definition["spec"]) if definition else None


def schema_of(store: Store, resource: Resource) -> Object | None:
    """Return the structural schema of a custom kind, if it has one."""
    version = find(store, resource)
    schema: Object | None = (version or {}).get("schema", {}).get("openAPIV3Schema")
    return schema


def _storage_version(spec: Object) -> Object:
    return dict(next(version for version in spec["versions"] if version.get("storage")))


def _condition(kind: str, reason: str, message: str) -> Object:
    return {"type": kind, "status": "True", "reason": reason, "message": message, "lastTransitionTime": now()}
