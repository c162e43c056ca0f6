"""Columns of pods and of what makes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embedded.apiserver.tables.columns import (
    AGE,
    NAME,
    NONE,
    UNKNOWN,
    Column,
    age,
    at,
    duration,
    joined,
    number,
    seconds_since,
    selector,
    text,
)

Object = Mapping[str, Any]


def _ready(pod: Object) -> str:
    total = len(at(pod, "spec.containers", ()))
    return f"{sum(1 for status in _statuses(pod) if status.get('ready'))}/{total}"


def _statuses(pod: Object, group: str = "containerStatuses") -> list[Object]:
    return list(at(pod, f"status.{group}", ()))


def _status(pod: Object) -> str:
    reason = at(pod, "status.reason") or at(pod, "status.phase", "Unknown")
    initializing = _initializing(pod)
    if initializing:
        reason = initializing
    else:
        running = False
        for status in reversed(_statuses(pod)):
            found = _container_reason(status)
            reason = found or reason
            running = running or bool(status.get("ready") and at(status, "state.running"))
        if reason == "Completed" and running:
            reason = "Running" if _is_ready(pod) else "NotReady"
    if at(pod, "metadata.deletionTimestamp"):
        return "Unknown" if at(pod, "status.reason") == "NodeLost" else "Terminating"
    return str(reason)


def _is_ready(pod: Object) -> bool:
    return any(entry["type"] == "Ready" and entry["status"] == "True" for entry in at(pod, "status.conditions", ()))


def _container_reason(status: Object) -> str:
    waiting, ended = at(status, "state.waiting"), at(status, "state.terminated")
    if waiting and waiting.get("reason"):
        return str(waiting["reason"])
    return _end(ended) if ended is not None else ""


def _end(ended: Object) -> str:
    if ended.get("reason"):
        return str(ended["reason"])
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"


def _initializing(pod: Object) -> str:
    """Return what the init containers are at, empty when they are done."""
    statuses = _statuses(pod, "initContainerStatuses")
    for done, status in enumerate(statuses):
        ended = at(status, "state.terminated")
        if ended is not None and ended.get("exitCode") == 0:
            continue
        waiting = at(status, "state.waiting.reason")
        if ended is not None:
            return f"Init:{_end(ended)}"
        if waiting and waiting != "PodInitializing":
            return f"Init:{waiting}"
        return f"Init:{done}/{len(at(pod, 'spec.initContainers', ()))}"
    return ""


def _restarts(pod: Object) -> str:
    statuses = _statuses(pod) + (_statuses(pod, "initContainerStatuses") if _initializing(pod) else [])
    count = sum(int(status.get("restartCount", 0)) for status in statuses)
    ends = [at(status, "lastState.terminated.finishedAt") for status in statuses]
    last = max((end for end in ends if end), default=None)
    return f"{count} ({age(last)} ago)" if count and last else str(count)


def _containers(body: Object) -> str:
    return joined(container["name"] for container in at(body, "spec.template.spec.containers", ()))


def _images(body: Object) -> str:
    return joined(container.get("image", "") for container in at(body, "spec.template.spec.containers", ()))


_TEMPLATE = (
    Column("Containers", _containers, wide=True),
    Column("Images", _images, wide=True),
    Column("Selector", lambda body: selector(at(body, "spec.selector")), wide=True),
)


def _reference(autoscaler: Object) -> str:
    target = at(autoscaler, "spec.scaleTargetRef", {})
    return f"{target.get('kind')}/{target.get('name')}"


def _targets(autoscaler: Object) -> str:
    current = at(autoscaler, "status.currentMetrics", ())
    parts = []
    for at_index, metric in enumerate(at(autoscaler, "spec.metrics", ())):
        kind = metric["type"][:1].lower() + metric["type"][1:]
        have = at(current[at_index], f"{kind}.current", {}) if at_index < len(current) else {}
        parts.append(_target(metric, kind, have))
    return ", ".join(parts) or NONE


def _target(metric: Object, kind: str, have: Object) -> str:
    target = at(metric, f"{kind}.target", {})
    label = f"{at(metric, f'{kind}.name', '')}: " if kind in ("resource", "containerResource") else ""
    if target.get("averageUtilization") is not None:
        now = f"{have['averageUtilization']}%" if have.get("averageUtilization") is not None else UNKNOWN
        return f"{label}{now}/{target['averageUtilization']}%"
    if target.get("averageValue") is not None:
        return f"{label}{have.get('averageValue', UNKNOWN)}/{target['averageValue']}" + ("" if label else " (avg)")
    return f"{label}{have.get('value', UNKNOWN)}/{target.get('value', UNKNOWN)}"


def _job_status(job: Object) -> str:
    true = {entry["type"] for entry in at(job, "status.conditions", ()) if entry["status"] == "True"}
    if found := next((kind for kind in ("Complete", "Failed") if kind in true), None):
        return found
    if at(job, "metadata.deletionTimestamp"):
        return "Terminating"
    return next((kind for kind in ("Suspended", "FailureTarget", "SuccessCriteriaMet") if kind in true), "Running")


def _completions(job: Object) -> str:
    done, wanted, parallel = at(job, "status.succeeded", 0), at(job, "spec.completions"), at(job, "spec.parallelism", 0)
    if wanted is not None:
        return f"{done}/{wanted}"
    return f"{done}/1 of {parallel}" if parallel > 1 else f"{done}/1"


def _job_duration(job: Object) -> str:
    began, ended = seconds_since(at(job, "status.startTime")), seconds_since(at(job, "status.completionTime"))
    if began is None:
        return ""
    return duration(int(began) if ended is None else round(began - ended))


def _bound(name: str) -> Column:
    heading = "Min Available" if name == "minAvailable" else "Max Unavailable"
    return Column(heading, lambda body: str(at(body, f"spec.{name}", "N/A")))


COLUMNS: dict[tuple[str, str], tuple[Column, ...]] = {
    ("", "Pod"): (
        NAME,
        Column("Ready", _ready),
        Column("Status", _status),
        Column("Restarts", _restarts),
        AGE,
        Column("IP", text("status.podIP"), wide=True),
        Column("Node", text("spec.nodeName"), wide=True),
        Column("Nominated Node", text("status.nominatedNodeName"), wide=True),
        Column("Readiness Gates", lambda _pod: NONE, wide=True),
    ),
    ("apps", "Deployment"): (
        NAME,
        Column("Ready", lambda body: f"{at(body, 'status.readyReplicas', 0)}/{at(body, 'spec.replicas', 1)}"),
        Column("Up-to-date", number("status.updatedReplicas"), type="integer"),
        Column("Available", number("status.availableReplicas"), type="integer"),
        AGE,
        *_TEMPLATE,
    ),
    ("apps", "ReplicaSet"): (
        NAME,
        Column("Desired", number("spec.replicas", 1), type="integer"),
        Column("Current", number("status.replicas"), type="integer"),
        Column("Ready", number("status.readyReplicas"), type="integer"),
        AGE,
        *_TEMPLATE,
    ),
    ("batch", "Job"): (
        NAME,
        Column("Status", _job_status),
        Column("Completions", _completions),
        Column("Duration", _job_duration),
        AGE,
        *_TEMPLATE,
    ),
    ("autoscaling", "HorizontalPodAutoscaler"): (
        NAME,
        Column("Reference", _reference),
        Column("Targets", _targets),
        Column("MinPods", lambda body: str(at(body, "spec.minReplicas", "<unset>"))),
        Column("MaxPods", number("spec.maxReplicas"), type="integer"),
        Column("Replicas", number("status.currentReplicas"), type="integer"),
        AGE,
    ),
    ("policy", "PodDisruptionBudget"): (
        NAME,
        _bound("minAvailable"),
        _bound("maxUnavailable"),
        Column("Allowed Disruptions", number("status.disruptionsAllowed"), type="integer"),
        AGE,
    ),
}
