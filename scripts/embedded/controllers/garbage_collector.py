"""The garbage collector: an object whose owners are all gone goes too, and one that is deleted takes others along.

It works on the whole graph at once, from the store: nothing is remembered, so a restart loses nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from embedded.apiserver.errors import ApiError
from embedded.apiserver.resources import EVENTS, Resource, ResourceRegistry
from embedded.apiserver.store import FOREGROUND, ORPHAN, Store
from embedded.apiserver.watch import Event
from embedded.controllers.runtime import Clock, Controller, Key

Object = dict[str, Any]
EVERYTHING = ("", "all objects")


@dataclass(frozen=True)
class Node:
    """One object of the graph."""

    resource: Resource
    body: Object

    @property
    def meta(self) -> Object:
        """Return its metadata."""
        return dict(self.body["metadata"])

    @property
    def owners(self) -> list[Object]:
        """Return its owner references."""
        return self.body["metadata"].get("ownerReferences") or []

    def is_deleting(self, finalizer: str) -> bool:
        """Tell whether it is being deleted and waits for what the finalizer stands for."""
        meta = self.body["metadata"]
        return bool(meta.get("deletionTimestamp")) and finalizer in (meta.get("finalizers") or ())


class GarbageCollector(Controller):
    """Deletes dependents in the background, in the foreground, or sets them free.

    Args:
        store: the cluster's storage.
        registry: all kinds there are.
        clock: the present time in seconds since the epoch.
    """

    name = "garbage-collector-controller"
    watched = ()

    def __init__(self, store: Store, registry: ResourceRegistry, clock: Clock = time.time) -> None:
        super().__init__(store, clock)
        self._registry = registry

    def keys(self) -> Iterable[Key]:
        """Return the one key there is."""
        return [EVERYTHING]

    def affected(self, event: Event) -> Iterator[Key]:
        """Yield the one key if owners, finalizers or deletions changed."""
        if event.resource != EVENTS and (event.kind == "DELETED" or _edges(event.old) != _edges(event.body)):
            yield EVERYTHING

    def reconcile(self, namespace: str, name: str) -> None:  # noqa: ARG002 - it is one key for everything
        """Look at every object that has owners or waits for its dependents.

        Raises:
            ApiError: an object could not be changed; the others were.
        """
        nodes = {body["metadata"]["uid"]: Node(kind, body) for kind in self._registry for body in self.store.peek(kind)}
        dependents: dict[str, list[Node]] = {}
        for node in nodes.values():
            for owner in node.owners:
                dependents.setdefault(owner["uid"], []).append(node)
        problem: ApiError | None = None
        for uid, node in nodes.items():
            try:
                self._settle(node, dependents.get(uid, []), nodes)
            except ApiError as error:
                problem = error if error.code != 404 else problem
        if problem:
            raise problem

    def _settle(self, node: Node, dependents: list[Node], nodes: dict[str, Node]) -> None:
        if node.is_deleting(ORPHAN):
            self._set_free(node, dependents)
        elif node.is_deleting(FOREGROUND) and not any(_blocks(dependent, node) for dependent in dependents):
            self._drop_finalizer(node, FOREGROUND)
        if node.owners and not node.meta.get("deletionTimestamp"):
            self._collect(node, bool(dependents), nodes)

    def _collect(self, node: Node, has_dependents: bool, nodes: dict[str, Node]) -> None:
        """Delete an object that no living owner holds; forget its owners that are gone if another one does."""
        solid, waiting = [], False
        for owner in node.owners:
            found = self._owner(node, owner, nodes)
            if found == "waiting":
                waiting = True
            elif found == "solid":
                solid.append(owner)
        if len(solid) == len(node.owners):
            return
        if solid:
            self._set_owners(node, solid)
            return
        finalizers = node.meta.get("finalizers") or ()
        propagation = "Orphan" if ORPHAN in finalizers else "Background"
        if FOREGROUND in finalizers or (waiting and has_dependents):
            propagation = "Foreground"
        self._delete(node, propagation)

    def _owner(self, node: Node, reference: Object, nodes: dict[str, Node]) -> str:
        """Return ``solid``, ``waiting`` (for its dependents to be deleted) or ``absent``."""
        owner = nodes.get(reference["uid"])
        if owner is None:
            group = reference["apiVersion"].rpartition("/")[0]
            # What is of an unknown kind cannot be looked up, so it cannot be said to be gone.
            return "solid" if self._registry.find_kind(group, reference["kind"]) is None else "absent"
        if owner.resource.namespaced and owner.meta.get("namespace") != node.meta.get("namespace"):
            return "absent"
        return "waiting" if owner.is_deleting(FOREGROUND) else "solid"

    def _set_free(self, owner: Node, dependents: Iterable[Node]) -> None:
        for node in dependents:
            self._set_owners(node, [item for item in node.owners if item["uid"] != owner.meta["uid"]])
        self._drop_finalizer(owner, ORPHAN)

    def _set_owners(self, node: Node, owners: list[Object]) -> None:
        def change(body: Object) -> None:
            body["metadata"]["ownerReferences"] = owners
            if not owners:
                del body["metadata"]["ownerReferences"]

        self.store.mutate(node.resource, node.meta.get("namespace", ""), node.meta["name"], change)

    def _drop_finalizer(self, node: Node, finalizer: str) -> None:
        def change(body: Object) -> None:
            body["metadata"]["finalizers"].remove(finalizer)
            if not body["metadata"]["finalizers"]:
                del body["metadata"]["finalizers"]

        self.store.mutate(node.resource, node.meta.get("namespace", ""), node.meta["name"], change)

    def _delete(self, node: Node, propagation: str) -> None:
        meta = node.meta
        self.store.delete(
            node.resource, meta.get("namespace", ""), meta["name"], propagation=propagation, uid=meta["uid"]
        )


def _blocks(dependent: Node, owner: Node) -> bool:
    """Tell whether an owner that is deleted in the foreground waits for this one."""
    uid = owner.meta["uid"]
    return any(item["uid"] == uid and item.get("blockOwnerDeletion") for item in dependent.owners)


def _edges(body: Object | None) -> tuple[Any, ...] | None:
    """Return what of an object matters to the graph; None if nothing of it does."""
    if body is None:
        return None
    meta = body["metadata"]
    found = (meta.get("ownerReferences"), meta.get("finalizers"), bool(meta.get("deletionTimestamp")))
    return found if any(found) else None
