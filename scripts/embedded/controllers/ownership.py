"""Who owns what: controllers adopt objects that match their selector and let go of those that no longer do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from embedded.apiserver.resources import Resource
from embedded.apiserver.selectors import matches
from embedded.apiserver.store import Store

Object = dict[str, Any]


def controller_of(body: Object) -> Object | None:
    """Return the owner reference of the object's controller, if it has one."""
    return next((ref for ref in body["metadata"].get("ownerReferences") or () if ref.get("controller")), None)


def owner_reference(owner: Object) -> Object:
    """Return the reference that makes an object the owner's own."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def owned(store: Store, resource: Resource, owner: Object) -> Iterator[Object]:
    """Iterate over the objects whose controller is the owner; they are the store's own, not to be altered."""
    for item in store.peek(resource, owner["metadata"]["namespace"]):
        reference = controller_of(item)
        if reference and reference["uid"] == owner["metadata"]["uid"]:
            yield item


def claim(store: Store, resource: Resource, owner: Object) -> None:
    """Adopt the objects without a controller that the owner selects, release its own that it does not select.

    An owner that is being deleted does neither.
    """
    if owner["metadata"].get("deletionTimestamp"):
        return
    for item in store.peek(resource, owner["metadata"]["namespace"]):
        reference = controller_of(item)
        selected = matches(owner["spec"].get("selector"), item["metadata"].get("labels"))
        if reference is None and selected and not item["metadata"].get("deletionTimestamp"):
            _rewrite(store, resource, item, [owner_reference(owner)])
        elif reference and reference["uid"] == owner["metadata"]["uid"] and not selected:
            _rewrite(store, resource, item, [])


def _rewrite(store: Store, resource: Resource, item: Object, controllers: list[Object]) -> None:
    def change(body: Object) -> None:
        meta = body["metadata"]
        others = [reference for reference in meta.get("ownerReferences") or () if not reference.get("controller")]
        meta["ownerReferences"] = others + controllers
        if not meta["ownerReferences"]:
            del meta["ownerReferences"]

    store.mutate(resource, item["metadata"]["namespace"], item["metadata"]["name"], change)


def keys_of_controllers(store: Store, kind: Resource, item: Object) -> Iterator[tuple[str, str]]:
    """Yield the keys of those that an object concerns: its controller of that kind, or all that would adopt it."""
    namespace, reference = item["metadata"]["namespace"], controller_of(item)
    if reference is not None:
        if reference["kind"] == kind.kind:
            yield namespace, reference["name"]
        return
    for owner in store.peek(kind, namespace):
        if matches(owner["spec"].get("selector"), item["metadata"].get("labels")):
            yield namespace, owner["metadata"]["name"]
