"""The persistent volume controller: every claim is bound at once; the kubelet gives each a folder of its own."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

from embedded.apiserver.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from embedded.apiserver.store import Store
from embedded.apiserver.watch import Event
from embedded.controllers.runtime import Clock, Controller, Key
from embedded.controllers.unsupported import Unsupported

Object = dict[str, Any]
# They choose among volumes, and here each claim has its own; or they ask for more than a folder.
_UNSUPPORTED = (
    "selector",
    "dataSource",
    "dataSourceRef",
    "volumeName",
    "volumeAttributesClassName",
    "storageClassName",
)


class PersistentVolumeController(Controller):
    """Binds PersistentVolumeClaims."""

    name = "persistentvolume-controller"
    watched = (CLAIMS,)

    def __init__(self, store: Store, clock: Clock = time.time) -> None:
        super().__init__(store, clock)
        self._unsupported = Unsupported(self.events)

    def keys(self) -> Iterable[Key]:
        """Return every claim."""
        return [(item["metadata"]["namespace"], item["metadata"]["name"]) for item in self.store.peek(CLAIMS)]

    def affected(self, event: Event) -> Iterator[Key]:
        """Yield the claim itself."""
        yield event.body["metadata"]["namespace"], event.body["metadata"]["name"]

    def reconcile(self, namespace: str, name: str) -> None:
        """Bind one claim, with the capacity that it asks for: a folder is not measured."""
        claim = self.store.find(CLAIMS, namespace, name)
        if claim is None:
            return
        self._unsupported.report(claim, unsupported_fields(claim))

        def bind(body: Object) -> None:
            asked = ((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage")
            status = body.setdefault("status", {})
            status.update(phase="Bound", accessModes=claim["spec"].get("accessModes") or [])
            status["capacity"] = {"storage": asked} if asked else {}

        self.store.mutate(CLAIMS, namespace, name, bind, "status")


def unsupported_fields(claim: Object) -> Iterator[str]:
    """Yield what a claim asks for and does not get."""
    for field in _UNSUPPORTED:
        if claim["spec"].get(field):
            yield f"spec.{field}"
    if claim["spec"].get("volumeMode") == "Block":
        yield "spec.volumeMode: Block"
