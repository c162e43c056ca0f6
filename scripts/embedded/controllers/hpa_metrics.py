"""How many pods the measured CPU time calls for: Kubernetes' replica calculator.

Pods that say nothing are counted against the change: as idle when more pods are called for, as busy when fewer are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from embedded.controllers import pods as pod_status
from embedded.controllers.timestamps import seconds
from embedded.kubelet.quantities import millicores

Object = dict[str, Any]
# Starting costs CPU time that serving does not: a new pod's figures count once it has been ready for this long.
SETTLING_S = 15.0
# Kubernetes' own: how long a pod is new, and how soon it must have been ready to be one that was ever ready.
NEW_S, FIRST_READY_S = 300.0, 30.0


# Where a metric of each type says what it measures.
_FIELDS = {"Resource": "resource", "ContainerResource": "containerResource"}


class PodMetrics(Protocol):
    """Where the controller learns how busy a pod is."""

    def cpu_millicores(self, namespace: str, pod: str, container: str | None = None) -> float | None:
        """Return the CPU time of a pod, or of one container, in thousandths of a core; None if it was not measured."""


class MetricError(Exception):
    """A metric that cannot be had.

    Args:
        reason: as Kubernetes calls it, such as ``FailedGetResourceMetric``.
        message: one line for people.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


@dataclass(frozen=True)
class Tolerance:
    """How far from the target is near enough, as shares of it."""

    below: float = 0.1
    above: float = 0.1

    def accepts(self, ratio: float) -> bool:
        """Tell whether a ratio of use to target calls for no change."""
        return 1 - self.below <= ratio <= 1 + self.above


@dataclass(frozen=True)
class Proposal:
    """What one metric calls for.

    Attributes:
        replicas: number of pods.
        name: of the metric, as events name it.
        status: entry of ``status.currentMetrics``.
    """

    replicas: int
    name: str
    status: Object


@dataclass(frozen=True)
class Reading:
    """One pod as the calculation sees it.

    Attributes:
        target: millicores that it should use.
        full: millicores that it is taken to use if it is silent and fewer pods are called for.
        used: millicores; None if it is silent.
        starting: whether it is silent because it has not begun to serve.
    """

    target: float
    full: float
    used: float | None = None
    starting: bool = False


def gap_in(metric: Object) -> str | None:
    """Return what of a metric the embedded cluster cannot do; None if it can do all of it."""
    kind = metric.get("type", "")
    if kind not in _FIELDS:
        return f"spec.metrics: type {kind}"
    resource = metric[_FIELDS[kind]].get("name")
    return None if resource == "cpu" else f"spec.metrics: resource {resource}"


class ReplicaCalculator:
    """Turns CPU metrics into numbers of pods.

    Args:
        metrics: where the figures come from.
        namespace: of the pods.
        pods: all pods of the target.
        now: the present time.
    """

    def __init__(self, metrics: PodMetrics, namespace: str, pods: Iterable[Object], now: float) -> None:
        self._metrics = metrics
        self._namespace = namespace
        self._pods = [pod for pod in pods if pod_status.is_active(pod)]
        self._now = now

    def propose(self, metric: Object, current: int, tolerance: Tolerance) -> Proposal:
        """Return what a CPU metric calls for.

        Args:
            metric: entry of ``spec.metrics``.
            current: declared number of pods.
            tolerance: what calls for no change.

        Raises:
            MetricError: it cannot be computed.
        """
        kind, source = metric["type"], metric[_FIELDS[metric["type"]]]
        target, container = source["target"], source.get("container")
        readings = [self._read(pod, target, container) for pod in self._pods]
        measured = [item for item in readings if item.used is not None]
        if not measured:
            what = "did not receive metrics for targeted pods (pods might be unready)"
            message = what if readings else "no pods returned by selector while calculating replica count"
            raise MetricError(f"FailedGet{kind}Metric", f"failed to get cpu utilization: {message}")
        used = sum(item.used or 0.0 for item in measured)
        current_value: Object = {"averageValue": f"{round(used / len(measured))}m"}
        name = f"cpu {'container ' if container else ''}resource"
        if target["type"] == "Utilization":
            wanted = sum(item.target for item in measured)
            current_value["averageUtilization"] = int(used / wanted * target["averageUtilization"])
            name += " utilization (percentage of request)"
        whose = {"name": "cpu"} if container is None else {"name": "cpu", "container": container}
        status = {"type": kind, _FIELDS[kind]: {**whose, "current": current_value}}
        return Proposal(replicas_for(readings, current, tolerance), name, status)

    def _read(self, pod: Object, target: Object, container: str | None) -> Reading:
        if target["type"] == "Utilization":
            request = requested(pod, container)
            share = target["averageUtilization"] / 100
            wanted, full = request * share, request * max(1.0, share)
        elif target["type"] == "AverageValue":
            wanted = full = float(millicores(target["averageValue"]))
        else:
            raise MetricError("InvalidMetricSourceType", f"target type {target['type']} is not possible for a resource")
        if is_starting(pod, self._now):
            return Reading(wanted, full, starting=True)
        return Reading(wanted, full, self._metrics.cpu_millicores(self._namespace, pod["metadata"]["name"], container))


def replicas_for(readings: Sequence[Reading], current: int, tolerance: Tolerance) -> int:
    """Return the number of pods at which each uses what it should.

    Args:
        readings: the pods, at least one of them measured.
        current: declared number of pods; returned when near enough, or when the silent pods leave it open.
        tolerance: what is near enough.
    """
    measured = [item for item in readings if item.used is not None]
    ratio = _ratio((item.used or 0.0, item.target) for item in measured)
    missing = [item for item in readings if item.used is None and not item.starting]
    starting = [item for item in readings if item.starting] if ratio > 1 else []
    if not missing and not starting:
        return current if tolerance.accepts(ratio) else _round_up(ratio * len(measured))
    silent = missing + starting
    counted = [(item.used or 0.0, item.target) for item in measured]
    counted += [(item.full if ratio < 1 else 0.0, item.target) for item in silent]
    cautious = _ratio(counted)
    if tolerance.accepts(cautious) or (ratio < 1) != (cautious < 1):
        return current
    replicas = _round_up(cautious * len(counted))
    return max(replicas, current) if cautious > 1 else min(replicas, current)


def is_starting(pod: Object, now: float) -> bool:
    """Tell whether a pod's figures do not count yet, because it is not serving or has only begun to."""
    if pod_status.phase(pod) == "Pending":
        return True
    started = seconds(pod.get("status", {}).get("startTime") or pod["metadata"]["creationTimestamp"])
    ready, since = pod_status.is_ready(pod), pod_status.ready_since(pod)
    if started + NEW_S > now:
        return not ready or since + SETTLING_S > now
    return not ready and since < started + FIRST_READY_S


def requested(pod: Object, container: str | None = None) -> int:
    """Return the millicores that a pod, or one container of it, requests.

    Raises:
        MetricError: a container is not there or requests none, so there is nothing to take a percentage of.
    """
    found = [each for each in pod["spec"]["containers"] if container in (None, each["name"])]
    if not found:
        raise _no_utilization(f"container {container} not found in Pod {pod['metadata']['name']}", container)
    total = 0
    for each in found:
        amount = ((each.get("resources") or {}).get("requests") or {}).get("cpu")
        if amount is None:
            where = f"container {each['name']} of Pod {pod['metadata']['name']}"
            raise _no_utilization(f"missing request for cpu in {where}", container)
        total += millicores(amount)
    return total


def _no_utilization(why: str, container: str | None) -> MetricError:
    kind = "Resource" if container is None else "ContainerResource"
    return MetricError(f"FailedGet{kind}Metric", f"failed to get cpu utilization: {why}")


def _ratio(amounts: Iterable[tuple[float, float]]) -> float:
    used, target = (sum(column) for column in zip(*amounts, strict=True))
    return used / target if target else 0.0


def _round_up(number: float) -> int:
    # 2.0000000000000004 pods are two.
    return math.ceil(round(number, 6))
