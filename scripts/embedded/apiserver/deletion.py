"""Graceful deletion: which objects outlive their deletion for a while, and for how long."""

from __future__ import annotations

from typing import Any

from embedded.apiserver.resources import NAMESPACES, PODS, Resource


def set_grace(pod: dict[str, Any], grace: int | None) -> None:
    """Write down how long a pod may take to end; a second deletion can only shorten it."""
    if grace is None:
        grace = pod.get("spec", {}).get("terminationGracePeriodSeconds", 30)
    previous = pod["metadata"].get("deletionGracePeriodSeconds")
    pod["metadata"]["deletionGracePeriodSeconds"] = grace if previous is None else min(grace, previous)


def waits_for_its_keeper(resource: Resource, body: dict[str, Any]) -> bool:
    """Tell whether something remains to be done before the object may go.

    A pod that was bound to the node may run until the kubelet says with a grace period of zero that it does not. A
    namespace has contents until the namespace controller has taken away the entries of ``spec.finalizers``.
    """
    if resource == PODS:
        return bool(body.get("spec", {}).get("nodeName")) and body["metadata"].get("deletionGracePeriodSeconds") != 0
    return resource == NAMESPACES and bool(body.get("spec", {}).get("finalizers"))
