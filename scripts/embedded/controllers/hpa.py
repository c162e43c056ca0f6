"""The horizontal pod autoscaler: as many pods as the measured CPU time calls for."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

from embedded.apiserver.resources import DEPLOYMENTS, PODS, REPLICA_SETS
from embedded.apiserver.resources import HORIZONTAL_POD_AUTOSCALERS as AUTOSCALERS
from embedded.apiserver.selectors import matches
from embedded.apiserver.store import Store
from embedded.apiserver.watch import Event
from embedded.controllers import hpa_behavior as behavior
from embedded.controllers.conditions import set_condition
from embedded.controllers.hpa_metrics import MetricError, PodMetrics, Proposal, ReplicaCalculator, Tolerance, gap_in
from embedded.controllers.replicaset import wanted
from embedded.controllers.runtime import Clock, Controller, Key
from embedded.controllers.timestamps import stamp
from embedded.controllers.unsupported import Unsupported
from embedded.kubelet.quantities import parse

Object = dict[str, Any]
# Kubernetes' own period.
PERIOD_S = 15.0
_TARGETS = {("apps", "Deployment"): DEPLOYMENTS, ("apps", "ReplicaSet"): REPLICA_SETS}


class HorizontalPodAutoscalerController(Controller):
    """Measures the pods of each autoscaler's target again and again, and writes the number that fits.

    Args:
        store: the cluster's storage.
        metrics: where the CPU times come from.
        clock: the present time in seconds since the epoch.
        period: seconds between two looks at one autoscaler.
    """

    name = "horizontal-pod-autoscaler"
    watched = (AUTOSCALERS,)

    def __init__(self, store: Store, metrics: PodMetrics, clock: Clock = time.time, period: float = PERIOD_S) -> None:
        super().__init__(store, clock)
        self._metrics = metrics
        self._period = period
        self._memories: dict[str, behavior.Memory] = {}
        self._unsupported = Unsupported(self.events)

    def keys(self) -> Iterable[Key]:
        """Return every autoscaler."""
        return [(item["metadata"]["namespace"], item["metadata"]["name"]) for item in self.store.peek(AUTOSCALERS)]

    def affected(self, event: Event) -> Iterator[Key]:
        """Yield the autoscaler itself, but not for its own status: it is looked at periodically anyway."""
        if event.kind == "DELETED":
            self._memories.pop(event.body["metadata"]["uid"], None)
        elif event.old is None or event.old["metadata"]["generation"] != event.body["metadata"]["generation"]:
            yield event.body["metadata"]["namespace"], event.body["metadata"]["name"]

    def reconcile(self, namespace: str, name: str) -> float | None:
        """Look at one autoscaler's target and scale it if need be."""
        autoscaler = self.store.find(AUTOSCALERS, namespace, name)
        if autoscaler is None:
            return None
        gaps = [gap for gap in map(gap_in, autoscaler["spec"].get("metrics") or ()) if gap]
        self._unsupported.report(autoscaler, gaps)
        status = autoscaler.setdefault("status", {})
        status["observedGeneration"] = autoscaler["metadata"].get("generation", 0)
        self._follow(autoscaler)
        self.store.mutate(AUTOSCALERS, namespace, name, lambda body: body.update(status=status), "status")
        return self._period

    def _follow(self, autoscaler: Object) -> None:
        target = self._target(autoscaler)
        if target is None:
            return
        current = wanted(target)
        autoscaler["status"]["currentReplicas"] = int(target.get("status", {}).get("replicas", 0))
        self._condition(
            autoscaler,
            "AbleToScale",
            "True",
            "SucceededGetScale",
            "the HPA controller was able to get the target's current scale",
        )
        decision = self._decide(autoscaler, target, current)
        if decision is None:
            autoscaler["status"].setdefault("desiredReplicas", 0)
            return
        desired, reason = decision
        autoscaler["status"]["desiredReplicas"] = desired
        if desired != current:
            self._rescale(autoscaler, target, desired, reason)

    def _target(self, autoscaler: Object) -> Object | None:
        reference = autoscaler["spec"]["scaleTargetRef"]
        group = reference.get("apiVersion", "apps/v1").rpartition("/")[0]
        kind = _TARGETS.get((group, reference["kind"]))
        found = self.store.find(kind, autoscaler["metadata"]["namespace"], reference["name"]) if kind else None
        if found is None:
            what = f"{reference['kind']} {reference['name']}"
            why = f"{what} not found" if kind else f"{what}: only a Deployment or a ReplicaSet can be scaled here"
            message = f"the HPA controller was unable to get the target's current scale: {why}"
            self._condition(autoscaler, "AbleToScale", "False", "FailedGetScale", message)
            self.events.warning(autoscaler, "FailedGetScale", why)
        return found

    def _decide(self, autoscaler: Object, target: Object, current: int) -> tuple[int, str] | None:
        """Return the number to scale to and why; None if it cannot be said."""
        least, most = behavior.bounds(autoscaler)
        if current == 0:
            message = "scaling is disabled since the replica count of the target is zero"
            self._condition(autoscaler, "ScalingActive", "False", "ScalingDisabled", message)
            return 0, ""
        if current > most:
            return most, "Current number of replicas above Spec.MaxReplicas"
        if current < least:
            return least, "Current number of replicas below Spec.MinReplicas"
        proposal = self._proposal(autoscaler, target, current)
        return None if proposal is None else self._temper(autoscaler, proposal, current)

    def _proposal(self, autoscaler: Object, target: Object, current: int) -> Proposal | None:
        """Return the largest proposal of all metrics; None if that cannot be known."""
        namespace, selector = autoscaler["metadata"]["namespace"], target["spec"].get("selector")
        pods = [pod for pod in self.store.peek(PODS, namespace) if matches(selector, pod["metadata"].get("labels"))]
        calculator = ReplicaCalculator(self._metrics, namespace, pods, self.clock())
        proposals, problem = [], None
        for metric in autoscaler["spec"].get("metrics") or ():
            try:
                if gap := gap_in(metric):
                    raise MetricError("InvalidMetricSourceType", f"{gap} is not supported by the embedded cluster")
                proposals.append(calculator.propose(metric, current, tolerance_of(autoscaler)))
            except MetricError as error:
                problem = problem or error
        autoscaler["status"]["currentMetrics"] = [proposal.status for proposal in proposals]
        best = max(proposals, key=lambda proposal: proposal.replicas, default=None)
        # A metric that is not known might have called for more: never scale down without it.
        if best is None or (problem and best.replicas < current):
            self._cannot_tell(autoscaler, problem or MetricError("InvalidMetricSourceType", "spec.metrics is empty"))
            return None
        message = f"the HPA was able to successfully calculate a replica count from {best.name}"
        self._condition(autoscaler, "ScalingActive", "True", "ValidMetricFound", message)
        return best

    def _cannot_tell(self, autoscaler: Object, problem: MetricError) -> None:
        message = f"the HPA was unable to compute the replica count: {problem.message}"
        self._condition(autoscaler, "ScalingActive", "False", problem.reason, message)
        self.events.warning(autoscaler, problem.reason, problem.message)

    def _temper(self, autoscaler: Object, proposal: Proposal, current: int) -> tuple[int, str]:
        """Return the number that windows, policies and bounds make of a proposal, and why it is not the present one."""
        memory = self._memories.setdefault(autoscaler["metadata"]["uid"], behavior.Memory())
        steady = behavior.stabilize(memory, autoscaler, current, proposal.replicas, self.clock())
        if steady != proposal.replicas:
            up = proposal.replicas > steady
            which, how = ("lower", "lowest") if up else ("higher", "highest")
            message = f"recent recommendations were {which} than current one, applying the {how} recent recommendation"
            self._condition(autoscaler, "AbleToScale", "True", f"Scale{'Up' if up else 'Down'}Stabilized", message)
        else:
            message = "recommended size matches current size"
            self._condition(autoscaler, "AbleToScale", "True", "ReadyForNewScale", message)
        desired, limited = behavior.limit(memory, autoscaler, current, steady, self.clock())
        self._condition(autoscaler, *limited)
        return desired, f"{proposal.name} above target" if desired > current else "All metrics below target"

    def _rescale(self, autoscaler: Object, target: Object, desired: int, reason: str) -> None:
        kind = _TARGETS["apps", target["kind"]]
        meta, current = target["metadata"], wanted(target)
        self.store.mutate(kind, meta["namespace"], meta["name"], lambda body: body["spec"].update(replicas=desired))
        now = self.clock()
        memory = self._memories.setdefault(autoscaler["metadata"]["uid"], behavior.Memory())
        memory.remember_change(now, desired - current, behavior.longest_period(autoscaler))
        autoscaler["status"]["lastScaleTime"] = stamp(now)
        message = f"the HPA controller was able to update the target scale to {desired}"
        self._condition(autoscaler, "AbleToScale", "True", "SucceededRescale", message)
        self.events.normal(autoscaler, "SuccessfulRescale", f"New size: {desired}; reason: {reason}")

    def _condition(self, autoscaler: Object, kind: str, value: str, reason: str, message: str) -> None:
        set_condition(autoscaler["status"], kind, value, reason, message, now=self.clock())


def tolerance_of(autoscaler: Object) -> Tolerance:
    """Return how far from the target is near enough; ``spec.behavior`` may say so for each direction."""
    shares = {}
    for direction, side in (("scaleDown", "below"), ("scaleUp", "above")):
        said = behavior.rules_of(autoscaler, direction).get("tolerance")
        if said is not None:
            shares[side] = float(parse(said))
    return Tolerance(**shares)
