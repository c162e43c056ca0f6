"""Rules for changes: fields that stay as they were when the object was made."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from embedded.apiserver.resources import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    JOBS,
    PERSISTENT_VOLUME_CLAIMS,
    PODS,
    REPLICA_SETS,
    SECRETS,
    SERVICES,
    Resource,
)

Object = dict[str, Any]
Problem = tuple[str, str]

_IMMUTABLE = "field is immutable"
_FIXED: dict[Resource, tuple[str, ...]] = {
    DEPLOYMENTS: ("selector",),
    REPLICA_SETS: ("selector",),
    JOBS: ("completions", "completionMode", "selector", "template"),
    PERSISTENT_VOLUME_CLAIMS: ("accessModes", "storageClassName", "volumeMode", "selector"),
}
_POD_RULE = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def problems(resource: Resource, new: Object, old: Object) -> Iterator[Problem]:
    """Find changes of an object that are not allowed."""
    for field in _FIXED.get(resource, ()):
        yield from _fixed(f"spec.{field}", new.get("spec", {}).get(field), old.get("spec", {}).get(field))
    if resource == PODS and _frozen_part(new["spec"], old["spec"]) != _frozen_part(old["spec"], old["spec"]):
        yield "spec", f"Forbidden: {_POD_RULE}"
    if resource == SERVICES:
        yield from _service_problems(new["spec"], old["spec"])
    if resource in (CONFIG_MAPS, SECRETS) and old.get("immutable"):
        for field in ("data", "binaryData", "immutable"):
            if new.get(field) != old.get(field):
                yield field, f"Forbidden: {_IMMUTABLE} when `immutable` is set"
    if resource == SECRETS and new.get("type") != old.get("type"):
        yield from _fixed("type", new.get("type"), old.get("type"))


def _fixed(path: str, new: Any, old: Any) -> Iterator[Problem]:
    if new != old:
        yield path, f"Invalid value: {json.dumps(new)}: {_IMMUTABLE}"


def _service_problems(new: Object, old: Object) -> Iterator[Problem]:
    address = old.get("clusterIP")
    if address and "ExternalName" not in (new["type"], old["type"]) and new.get("clusterIP") != address:
        yield "spec.clusterIPs[0]", f"Invalid value: {json.dumps([new.get('clusterIP')])}: may not change once set"


def _frozen_part(spec: Object, old: Object) -> Object:
    """Return a pod's spec without what may change, and without the node if the pod had none yet."""
    frozen = copy.deepcopy(spec)
    for field in ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds"):
        frozen.pop(field, None)
    if not old.get("nodeName"):
        frozen.pop("nodeName", None)
    for container in (*frozen.get("containers", ()), *frozen.get("initContainers", ())):
        container.pop("image", None)
        container.pop("imagePullPolicy", None)
    return frozen
