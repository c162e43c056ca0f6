"""Whose a field is: changes made by hand are taken over, so that applying what Git says undoes them as well.

Server-side apply takes away only what its own manager once set. A variable that somebody added with `kubectl set env`
would stay for ever, and with it perhaps a fault that a later release is blamed for. Kubernetes' own way out is to write
the fields down to the manager that applies.
"""

from __future__ import annotations

import copy
from typing import Any

from cluster.fields import is_applied
from cluster.transport import Json

# Kinds whose specification is nobody's but the manifest's. Not claims: their volume is written in by a controller.
ADOPTED_KINDS = frozenset({"ConfigMap", "Deployment", "DestinationRule", "Gateway", "Service", "VirtualService"})
_CONTROLLERS = frozenset({"kube-controller-manager", "cloud-controller-manager"})
_CONTENT = ("f:spec", "f:data", "f:binaryData")


def adopt(live: Json, manager: str) -> list[Json] | None:
    """Return an object's managedFields with the content that others changed written down to a manager.

    Args:
        live: the object as it is.
        manager: field manager that applies it.

    Returns:
        the new managedFields, or None where nothing is to be taken over.
    """
    entries = copy.deepcopy(live["metadata"].get("managedFields") or [])
    foreign = [entry for entry in entries if _is_foreign(entry)]
    own = next((entry for entry in entries if is_applied(entry, manager)), None)
    if live["kind"] not in ADOPTED_KINDS or not foreign or own is None:
        return None
    for entry in foreign:
        for name in _CONTENT:
            _unite(own["fieldsV1"], {name: entry["fieldsV1"].pop(name)} if name in entry["fieldsV1"] else {})
    return [entry for entry in entries if entry["fieldsV1"]]


def leave_replicas(live: Json, body: Json, manager: str) -> list[Json] | None:
    """Return an object's managedFields without the number of replicas, where a manifest does not state it any more.

    What a manager applied and applies no longer is taken away: a Deployment that gets an autoscaler would fall to one
    replica, with all of its traffic, until the autoscaler has looked.

    Args:
        live: the object as it is.
        body: what the manifest says.
        manager: field manager that applies it.

    Returns:
        the new managedFields, or None where nothing is to be left.
    """
    entries = copy.deepcopy(live["metadata"].get("managedFields") or [])
    own = next((entry for entry in entries if is_applied(entry, manager)), None)
    if own is None or "replicas" in (body.get("spec") or {}) or "f:replicas" not in own["fieldsV1"].get("f:spec", {}):
        return None
    del own["fieldsV1"]["f:spec"]["f:replicas"]
    return entries


def _is_foreign(entry: Json) -> bool:
    """Tell whether an entry is somebody's change by hand: scaling and status have addresses of their own."""
    by_hand = entry["operation"] == "Update" and not entry.get("subresource")
    return by_hand and entry["manager"] not in _CONTROLLERS and any(name in entry["fieldsV1"] for name in _CONTENT)


def _unite(fields: dict[str, Any], more: dict[str, Any]) -> None:
    for name, below in more.items():
        _unite(fields.setdefault(name, {}), below)
