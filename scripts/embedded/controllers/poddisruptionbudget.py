"""The disruption controller: how many pods of a budget may be taken away right now."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

from embedded.apiserver.resources import DEPLOYMENTS, PODS, REPLICA_SETS, Resource
from embedded.apiserver.resources import POD_DISRUPTION_BUDGETS as BUDGETS
from embedded.apiserver.selectors import matches
from embedded.apiserver.store import Store
from embedded.apiserver.watch import Event
from embedded.controllers import pods as pod_status
from embedded.controllers.conditions import set_condition
from embedded.controllers.intstr import scaled
from embedded.controllers.ownership import controller_of
from embedded.controllers.replicaset import wanted
from embedded.controllers.runtime import Clock, Controller, Key
from embedded.controllers.unsupported import Unsupported

Object = dict[str, Any]
_SCALED = {REPLICA_SETS.kind: REPLICA_SETS, DEPLOYMENTS.kind: DEPLOYMENTS}


class DisruptionController(Controller):
    """Writes the status of PodDisruptionBudgets."""

    name = "disruption-controller"
    watched = (BUDGETS, PODS, REPLICA_SETS, DEPLOYMENTS)

    def __init__(self, store: Store, clock: Clock = time.time) -> None:
        super().__init__(store, clock)
        self._unsupported = Unsupported(self.events)

    def keys(self) -> Iterable[Key]:
        """Return every budget."""
        return [(item["metadata"]["namespace"], item["metadata"]["name"]) for item in self.store.peek(BUDGETS)]

    def affected(self, event: Event) -> Iterator[Key]:
        """Yield the budget itself, or those of the namespace in which pods or their numbers changed."""
        namespace = event.body["metadata"]["namespace"]
        if event.resource == BUDGETS:
            yield namespace, event.body["metadata"]["name"]
            return
        for budget in self.store.peek(BUDGETS, namespace):
            yield namespace, budget["metadata"]["name"]

    def reconcile(self, namespace: str, name: str) -> None:
        """Count one budget's pods."""
        budget = self.store.find(BUDGETS, namespace, name)
        if budget is None:
            return
        if budget["spec"].get("unhealthyPodEvictionPolicy"):
            self._unsupported.report(budget, ["spec.unhealthyPodEvictionPolicy"])
        selector = budget["spec"].get("selector")
        pods = [pod for pod in self.store.peek(PODS, namespace) if matches(selector, pod["metadata"].get("labels"))]
        expected, desired = self._expectation(budget, pods)
        healthy = sum(pod_status.is_active(pod) and pod_status.is_ready(pod) for pod in pods)
        allowed = max(healthy - desired, 0)

        def change(body: Object) -> None:
            status = body.setdefault("status", {})
            status.update(expectedPods=expected, desiredHealthy=desired, currentHealthy=healthy)
            status.update(disruptionsAllowed=allowed, observedGeneration=budget["metadata"].get("generation", 0))
            reason = "SufficientPods" if allowed else "InsufficientPods"
            set_condition(status, "DisruptionAllowed", str(bool(allowed)), reason, "", now=self.clock())

        self.store.mutate(BUDGETS, namespace, name, change, "status")

    def _expectation(self, budget: Object, pods: list[Object]) -> tuple[int, int]:
        """Return how many pods there should be, and how many must stay healthy."""
        at_most, at_least = budget["spec"].get("maxUnavailable"), budget["spec"].get("minAvailable")
        if isinstance(at_least, int):
            return len(pods), at_least
        expected = self._declared(pods)
        if at_most is not None:
            return expected, max(expected - scaled(at_most, expected, round_up=True), 0)
        return expected, scaled(at_least if at_least is not None else 1, expected, round_up=True)

    def _declared(self, pods: Iterable[Object]) -> int:
        """Return how many pods the controllers of these pods declare; one without a controller counts itself."""
        counts: dict[str, int] = {}
        for pod in pods:
            owner = self._topmost(pod)
            counts[owner["metadata"]["uid"]] = 1 if owner["kind"] == "Pod" else wanted(owner)
        return sum(counts.values())

    def _topmost(self, body: Object) -> Object:
        """Return the controller of the controller, and so on, as far as it has a number of replicas."""
        reference = controller_of(body)
        kind: Resource | None = _SCALED.get(reference["kind"]) if reference else None
        if reference is None or kind is None:
            return body
        owner = self.store.find(kind, body["metadata"]["namespace"], reference["name"])
        return self._topmost(owner) if owner and owner["metadata"]["uid"] == reference["uid"] else body
