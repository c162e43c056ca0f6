"""The scheduler: binds a pod to the one node as soon as what it requests is free there."""

from __future__ import annotations

from typing import Any

from embedded.apiserver.errors import ApiError
from embedded.apiserver.resources import NODES, PODS
from embedded.apiserver.store import Store
from embedded.events import EventRecorder
from embedded.kubelet import quantities
from embedded.kubelet.node import NODE
from embedded.kubelet.status import FINAL_PHASES, set_condition

Pod = dict[str, Any]


class Scheduler:
    """Binds pods, oldest first; the ones that do not fit stay Pending and are tried again at every change.

    Args:
        store: the cluster's storage.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._events = EventRecorder(store, "default-scheduler")

    async def run(self) -> None:
        """Bind pods until cancelled."""
        with self._store.watch(PODS) as watch:
            self.schedule()
            async for event in watch:
                # Only a pod without a node, or room that a pod leaves, can change what fits.
                if not event.body["spec"].get("nodeName") or _holds(event.old) != _holds(event.body):
                    self.schedule()

    def schedule(self) -> None:
        """Bind every pod that fits now."""
        waiting = [pod for pod in self._store.list(PODS) if not pod["spec"].get("nodeName")]
        for pod in sorted(waiting, key=lambda item: str(item["metadata"]["creationTimestamp"])):
            if not pod["metadata"].get("deletionTimestamp"):
                self._place(pod)

    def _place(self, pod: Pod) -> None:
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        try:
            if why := self._obstacle(pod):
                self._refuse(pod, f"0/1 nodes are available: {why}.")
                return
            self._store.mutate(PODS, namespace, name, lambda body: body["spec"].update(nodeName=NODE))
            self._store.mutate(PODS, namespace, name, _mark_scheduled, "status")
            self._events.normal(pod, "Scheduled", f"Successfully assigned {namespace}/{name} to {NODE}")
        except (ApiError, ValueError) as error:
            self._events.warning(pod, "FailedScheduling", str(error))

    def _refuse(self, pod: Pod, message: str) -> None:
        def mark(body: Pod) -> None:
            body.setdefault("status", {}).setdefault("phase", "Pending")
            set_condition(body["status"], "PodScheduled", "False", "Unschedulable", message)

        before = pod["metadata"]["resourceVersion"]
        after = self._store.mutate(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"], mark, "status")
        # Said once for each reason: every change of any pod leads here again.
        if after["metadata"]["resourceVersion"] != before:
            self._events.warning(pod, "FailedScheduling", message)

    def _obstacle(self, pod: Pod) -> str:
        """Return what keeps a pod from the node, in the scheduler's words; empty if nothing does."""
        node = self._store.find(NODES, "", NODE)
        if node is None or node["spec"].get("unschedulable"):
            return "1 node(s) were unschedulable"
        labels = node["metadata"].get("labels", {})
        if any(labels.get(key) != value for key, value in (pod["spec"].get("nodeSelector") or {}).items()):
            return "1 node(s) didn't match Pod's node affinity/selector"
        bound = [other for other in self._store.peek(PODS) if _holds(other)]
        allocatable = node["status"]["allocatable"]
        if len(bound) >= int(allocatable["pods"]):
            return "1 Too many pods"
        for resource, amount in (("cpu", quantities.millicores), ("memory", quantities.memory)):
            used = sum(_requested(other, resource) for other in bound)
            if used + (wanted := _requested(pod, resource)) > amount(allocatable[resource]) and wanted:
                return f"1 Insufficient {resource}"
        return ""


def _mark_scheduled(body: Pod) -> None:
    status = body.setdefault("status", {})
    status.setdefault("phase", "Pending")
    set_condition(status, "PodScheduled", "True")


def _holds(pod: Pod | None) -> bool:
    """Tell whether a pod takes up room on the node."""
    return bool(pod and pod["spec"].get("nodeName")) and (pod or {}).get("status", {}).get("phase") not in FINAL_PHASES


def _requested(pod: Pod, resource: str) -> int:
    """Return what a pod requests: all its containers together, or one init container that wants more."""
    amount = quantities.millicores if resource == "cpu" else quantities.memory

    def of(container: dict[str, Any]) -> int:
        return amount((container.get("resources", {}).get("requests") or {}).get(resource, 0))

    together = sum(of(container) for container in pod["spec"]["containers"])
    return max([together, *(of(container) for container in pod["spec"].get("initContainers") or ())])
