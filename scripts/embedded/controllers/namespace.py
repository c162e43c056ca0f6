"""The namespace controller: those that every cluster has, an account in each, and the end of all in them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

from embedded.apiserver.resources import EVENTS, NAMESPACES, SERVICE_ACCOUNTS, ResourceRegistry
from embedded.apiserver.store import Store
from embedded.apiserver.watch import Event
from embedded.controllers.conditions import set_condition
from embedded.controllers.runtime import Clock, Controller, Key

Object = dict[str, Any]
ALWAYS = ("default", "kube-system")
DEFAULT_ACCOUNT = "default"
# The admission puts it into every namespace's spec: it stays until the namespace is empty.
FINALIZER = "kubernetes"


class NamespaceController(Controller):
    """Makes namespaces usable, and empties those that are being deleted.

    Args:
        store: the cluster's storage.
        registry: all kinds there are.
        clock: the present time in seconds since the epoch.
    """

    name = "namespace-controller"
    watched = ()

    def __init__(self, store: Store, registry: ResourceRegistry, clock: Clock = time.time) -> None:
        super().__init__(store, clock)
        self._registry = registry

    def keys(self) -> Iterable[Key]:
        """Return every namespace, and those that there must be."""
        names = {item["metadata"]["name"] for item in self.store.peek(NAMESPACES)}
        return [("", name) for name in sorted(names.union(ALWAYS))]

    def affected(self, event: Event) -> Iterator[Key]:
        """Yield the namespace itself, or that of a service account or of something in a namespace that ends."""
        if event.resource == NAMESPACES:
            yield "", event.body["metadata"]["name"]
            return
        name = event.body["metadata"].get("namespace", "")
        if name and (event.resource == SERVICE_ACCOUNTS or not self._is_usable(name)):
            yield "", name

    def _is_usable(self, name: str) -> bool:
        found = self.store.find(NAMESPACES, "", name)
        return found is not None and not found["metadata"].get("deletionTimestamp")

    def reconcile(self, namespace: str, name: str) -> None:  # noqa: ARG002 - namespaces have none
        """Make one namespace usable, or empty it."""
        found = self.store.find(NAMESPACES, "", name)
        if found is None and name in ALWAYS:
            found = self.store.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        if found is None:
            self._forget_events(name)
        elif found["metadata"].get("deletionTimestamp"):
            self._end(name)
        else:
            self._make_usable(name)

    def _make_usable(self, name: str) -> None:
        if self.store.find(SERVICE_ACCOUNTS, name, DEFAULT_ACCOUNT) is None:
            meta = {"name": DEFAULT_ACCOUNT, "namespace": name}
            self.store.create(SERVICE_ACCOUNTS, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta})

    def _forget_events(self, name: str) -> None:
        """Remove what was said about the namespace after it was gone: the last pods' last events."""
        for event in self.store.list(EVENTS, name):
            self.store.delete(EVENTS, name, event["metadata"]["name"])

    def _end(self, name: str) -> None:
        """Delete what is in the namespace, and let it go once nothing is."""
        left = 0
        for resource in self._registry:
            for item in self.store.list(resource, name) if resource.namespaced else ():
                if not item["metadata"].get("deletionTimestamp"):
                    self.store.delete(resource, name, item["metadata"]["name"])
            if resource.namespaced:
                left += sum(1 for _ in self.store.peek(resource, name))
        if left:
            self.store.mutate(NAMESPACES, "", name, lambda body: self._say_what_is_left(body, left), "status")
            return
        self.store.mutate(NAMESPACES, "", name, _let_go)

    def _say_what_is_left(self, body: Object, left: int) -> None:
        status = body.setdefault("status", {})
        status["phase"] = "Terminating"
        message = f"Some content in the namespace is still being deleted: {left} objects"
        set_condition(status, "NamespaceContentRemaining", "True", "SomeResourcesRemain", message, now=self.clock())


def _let_go(body: Object) -> None:
    body["spec"]["finalizers"] = [item for item in body["spec"].get("finalizers") or () if item != FINALIZER]
