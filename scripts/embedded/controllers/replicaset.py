"""The ReplicaSet controller: keeps as many pods of one template as declared."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any

from embedded.apiserver.errors import ApiError
from embedded.apiserver.resources import PODS, REPLICA_SETS
from embedded.apiserver.watch import Event
from embedded.controllers import pods as pod_status
from embedded.controllers.conditions import remove_condition, set_condition
from embedded.controllers.ownership import claim, keys_of_controllers, owned, owner_reference
from embedded.controllers.runtime import Controller, Key
from embedded.controllers.timestamps import seconds

Object = dict[str, Any]
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
# A pod that the API server refuses today may be accepted once something else exists.
RETRY_S = 5.0


class ReplicaSetController(Controller):
    """Creates and deletes pods; adopts those that match and lets go of those that no longer do."""

    name = "replicaset-controller"
    watched = (REPLICA_SETS, PODS)

    def keys(self) -> Iterable[Key]:
        """Return every ReplicaSet."""
        return [(item["metadata"]["namespace"], item["metadata"]["name"]) for item in self.store.peek(REPLICA_SETS)]

    def affected(self, event: Event) -> Iterator[Key]:
        """Yield the ReplicaSet itself, or those that a pod belongs or belonged to."""
        if event.resource == REPLICA_SETS:
            yield event.body["metadata"]["namespace"], event.body["metadata"]["name"]
            return
        for pod in filter(None, (event.old, event.body)):
            yield from keys_of_controllers(self.store, REPLICA_SETS, pod)

    def reconcile(self, namespace: str, name: str) -> float | None:
        """Create or delete pods until there are as many as declared, and write the status."""
        replica_set = self.store.find(REPLICA_SETS, namespace, name)
        if replica_set is None or not replica_set["spec"].get("selector"):
            return None
        claim(self.store, PODS, replica_set)
        failure = None if replica_set["metadata"].get("deletionTimestamp") else self._scale(replica_set)
        active = self._active(replica_set)
        self._write_status(replica_set, active, failure)
        wait = pod_status.next_available(active, _min_ready(replica_set), self.clock())
        return RETRY_S if failure else wait

    def _active(self, replica_set: Object) -> list[Object]:
        return [pod for pod in owned(self.store, PODS, replica_set) if pod_status.is_active(pod)]

    def _scale(self, replica_set: Object) -> tuple[str, str] | None:
        """Make the number of pods right; return reason and message if that failed."""
        active = self._active(replica_set)
        surplus = len(active) - wanted(replica_set)
        try:
            for _ in range(-surplus):
                self._create(replica_set)
        except ApiError as error:
            self.events.warning(replica_set, "FailedCreate", f"Error creating: {error.message}")
            return "FailedCreate", error.message
        for pod in sorted(active, key=deletion_rank)[: max(surplus, 0)]:
            self._delete(replica_set, pod)
        return None

    def _create(self, replica_set: Object) -> None:
        pod = self.store.create(PODS, new_pod(replica_set))
        self.events.normal(replica_set, "SuccessfulCreate", f"Created pod: {pod['metadata']['name']}")

    def _delete(self, replica_set: Object, pod: Object) -> None:
        meta = pod["metadata"]
        self.store.delete(PODS, meta["namespace"], meta["name"], uid=meta["uid"])
        self.events.normal(replica_set, "SuccessfulDelete", f"Deleted pod: {meta['name']}")

    def _write_status(self, replica_set: Object, active: list[Object], failure: tuple[str, str] | None) -> None:
        now, minimum = self.clock(), _min_ready(replica_set)
        labels = replica_set["spec"]["template"]["metadata"].get("labels") or {}

        def change(body: Object) -> None:
            status = body.setdefault("status", {})
            status["replicas"] = len(active)
            status["fullyLabeledReplicas"] = sum(labels.items() <= _labels(pod).items() for pod in active)
            status["readyReplicas"] = sum(pod_status.is_ready(pod) for pod in active)
            status["availableReplicas"] = sum(pod_status.is_available(pod, minimum, now) for pod in active)
            status["observedGeneration"] = replica_set["metadata"].get("generation", 0)
            if failure:
                set_condition(status, "ReplicaFailure", "True", *failure, now=now)
            else:
                remove_condition(status, "ReplicaFailure")

        meta = replica_set["metadata"]
        self.store.mutate(REPLICA_SETS, meta["namespace"], meta["name"], change, "status")


def wanted(replica_set: Object) -> int:
    """Return how many pods a ReplicaSet or Deployment declares; as in Kubernetes it is one if nothing is said."""
    return int(replica_set["spec"].get("replicas", 1))


def new_pod(replica_set: Object) -> Object:
    """Return a pod of the ReplicaSet's template, not yet bound to a node."""
    template = copy.deepcopy(replica_set["spec"]["template"])
    meta = template.get("metadata") or {}
    kept = {field: meta[field] for field in ("labels", "annotations", "finalizers") if meta.get(field)}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            **kept,
            "generateName": f"{replica_set['metadata']['name']}-",
            "namespace": replica_set["metadata"]["namespace"],
            "ownerReferences": [owner_reference(replica_set)],
        },
        "spec": template["spec"],
    }


def deletion_rank(pod: Object) -> tuple[Any, ...]:
    """Return the place of a pod among those to delete, lowest first: Kubernetes' order.

    Unassigned before assigned, pending before running, not ready before ready, then by deletion cost, the shortest
    time ready, the most restarts, the newest.
    """
    statuses = pod.get("status", {}).get("containerStatuses") or ()
    ready = pod_status.is_ready(pod)
    return (
        bool(pod["spec"].get("nodeName")),
        ("Pending", "Unknown", "Running").index(pod_status.phase(pod)),
        ready,
        _deletion_cost(pod),
        -pod_status.ready_since(pod) if ready else 0,
        -max((status.get("restartCount", 0) for status in statuses), default=0),
        -seconds(pod["metadata"]["creationTimestamp"]),
        pod["metadata"]["name"],
    )


def _deletion_cost(pod: Object) -> int:
    try:
        return int((pod["metadata"].get("annotations") or {}).get(DELETION_COST, 0))
    except ValueError:  # as Kubernetes: no number, no cost
        return 0


def _labels(pod: Object) -> dict[str, str]:
    return pod["metadata"].get("labels") or {}


def _min_ready(replica_set: Object) -> int:
    return int(replica_set["spec"].get("minReadySeconds") or 0)
