"""What a pod's status says: whether it still counts, is ready, has been ready long enough."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from embedded.controllers.conditions import find_condition
from embedded.controllers.timestamps import seconds

Object = dict[str, Any]
FINAL_PHASES = ("Succeeded", "Failed")


def phase(pod: Object) -> str:
    """Return the pod's phase; one that nobody has looked at yet is Pending."""
    return str(pod.get("status", {}).get("phase") or "Pending")


def is_terminating(pod: Object) -> bool:
    """Tell whether the pod was told to end."""
    return bool(pod["metadata"].get("deletionTimestamp"))


def has_ended(pod: Object) -> bool:
    """Tell whether all containers have ended for good."""
    return phase(pod) in FINAL_PHASES


def is_active(pod: Object) -> bool:
    """Tell whether the pod counts as a replica: neither ended nor told to."""
    return not has_ended(pod) and not is_terminating(pod)


def is_ready(pod: Object) -> bool:
    """Tell whether the pod's condition Ready is true."""
    condition = find_condition(pod.get("status", {}), "Ready")
    return bool(condition and condition.get("status") == "True")


def ready_since(pod: Object) -> float:
    """Return since when the pod is as ready as it is, in seconds since the epoch."""
    condition = find_condition(pod.get("status", {}), "Ready") or {}
    return seconds(condition.get("lastTransitionTime") or pod["metadata"]["creationTimestamp"])


def is_available(pod: Object, min_ready_seconds: int, now: float) -> bool:
    """Tell whether the pod has been ready for long enough."""
    return is_ready(pod) and (not min_ready_seconds or ready_since(pod) + min_ready_seconds <= now)


def next_available(pods: Iterable[Object], min_ready_seconds: int, now: float) -> float | None:
    """Return in how many seconds the next ready pod has been ready for long enough; None if none will be."""
    waits = (ready_since(pod) + min_ready_seconds - now for pod in pods if is_ready(pod))
    return min((wait for wait in waits if wait > 0), default=None)
