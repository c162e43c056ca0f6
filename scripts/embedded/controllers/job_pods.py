"""What the pods of a Job tell: which still count, which have ended and how, and when another one may be tried."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from embedded.controllers import pods as pod_status
from embedded.controllers.replicaset import new_pod
from embedded.controllers.timestamps import seconds

Object = dict[str, Any]
# A pod keeps this finalizer until its Job has counted it: so none that is deleted meanwhile is forgotten.
TRACKING = "batch.kubernetes.io/job-tracking"
# Kubernetes waits 10 s before it replaces a pod that failed, then twice as long each time, up to 10 min.
FIRST_RETRY_S, LONGEST_RETRY_S = 1.0, 360.0


def tracked_pod(job: Object) -> Object:
    """Return a pod of the Job's template, which stays until it was counted."""
    pod = new_pod(job)
    pod["metadata"]["finalizers"] = [*pod["metadata"].get("finalizers", ()), TRACKING]
    return pod


def is_tracked(pod: Object) -> bool:
    """Tell whether the pod waits to be counted."""
    return TRACKING in (pod["metadata"].get("finalizers") or ())


def outcome(pod: Object) -> str:
    """Return ``succeeded`` or ``failed``, as one that is deleted has too; empty while the pod is at work."""
    if pod_status.phase(pod) == "Succeeded":
        return "succeeded"
    return "failed" if pod_status.phase(pod) == "Failed" or pod_status.is_terminating(pod) else ""


def restarts(pods: Iterable[Object]) -> int:
    """Return how often containers of pods that are at work were started again."""
    at_work = [pod.get("status", {}) for pod in pods if not pod_status.has_ended(pod)]
    groups = [status.get(kind, ()) for status in at_work for kind in ("initContainerStatuses", "containerStatuses")]
    return sum(entry.get("restartCount", 0) for group in groups for entry in group)


def seconds_to_retry(pods: Iterable[Object], now: float) -> float:
    """Return how long to wait before another pod: the longer, the more have failed since one succeeded."""
    ends = sorted((_ended_at(pod), outcome(pod)) for pod in pods if outcome(pod))
    failures = 0
    for _when, how in ends:
        failures = failures + 1 if how == "failed" else 0
    if not failures:
        return 0.0
    pause = min(FIRST_RETRY_S * 2 ** min(failures - 1, 16), LONGEST_RETRY_S)
    return float(max(ends[-1][0] + pause - now, 0.0))


def _ended_at(pod: Object) -> float:
    states = [entry.get("state") or {} for entry in pod.get("status", {}).get("containerStatuses") or ()]
    ends = [state["terminated"]["finishedAt"] for state in states if state.get("terminated", {}).get("finishedAt")]
    meta = pod["metadata"]
    return seconds(max(ends, default=meta.get("deletionTimestamp") or meta["creationTimestamp"]))
