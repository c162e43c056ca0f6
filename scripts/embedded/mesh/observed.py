"""Says in the routing objects themselves which version of them Envoy carries out, as istiod does.

Whoever changes a weight can so wait for what users see instead of guessing how long a push takes.
"""

from __future__ import annotations

from typing import Any

from embedded.apiserver.store import Store
from embedded.mesh.world import ROUTING, World

Object = dict[str, Any]


def write(store: Store, in_force: World) -> None:
    """Write the generation that is in force into the status of every routing object."""
    for resource in ROUTING:
        for body in in_force.kind(resource):
            meta, generation = body["metadata"], body["metadata"].get("generation", 0)
            current = store.find(resource, meta["namespace"], meta["name"])
            if current and _is_news(current, meta["uid"], generation):
                store.mutate(resource, meta["namespace"], meta["name"], _observe, "status")


def _is_news(current: Object, uid: str, generation: int) -> bool:
    same = (current["metadata"]["uid"], current["metadata"].get("generation", 0)) == (uid, generation)
    return same and current.get("status", {}).get("observedGeneration") != generation


def _observe(item: Object) -> None:
    item.setdefault("status", {})["observedGeneration"] = item["metadata"].get("generation", 0)
    item["status"]["conditions"] = [{"type": "Reconciled", "status": "True"}]
