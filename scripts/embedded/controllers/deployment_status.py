"""The status of a Deployment: its numbers, and whether it is available and makes progress."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from embedded.controllers.conditions import find_condition, remove_condition
from embedded.controllers.deployment_rolling import Bounds, Member
from embedded.controllers.timestamps import seconds, stamp

Object = dict[str, Any]
NEW_AVAILABLE = "NewReplicaSetAvailable"
TIMED_OUT = "ProgressDeadlineExceeded"
PAUSED, RESUMED = "DeploymentPaused", "DeploymentResumed"
# Kubernetes' "no deadline".
NO_DEADLINE = 2**31 - 1
_NUMBERS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas")


def deadline_of(deployment: Object) -> int | None:
    """Return after how many seconds without progress a rollout has failed; None for never."""
    value = int(deployment["spec"].get("progressDeadlineSeconds", 600))
    return None if value == NO_DEADLINE else value


def set_deployment_condition(
    status: Object, kind: str, value: str, reason: str, message: str, *, now: float, renew: bool = False
) -> None:
    """Set a condition, unless value and reason stay the same and it need not be renewed."""
    old = find_condition(status, kind)
    if old and (old["status"], old.get("reason")) == (value, reason) and not renew:
        return
    same = old is not None and old["status"] == value
    remove_condition(status, kind)
    new = {
        "type": kind,
        "status": value,
        "reason": reason,
        "message": message,
        "lastUpdateTime": stamp(now),
        "lastTransitionTime": old["lastTransitionTime"] if old and same else stamp(now),
    }
    status.setdefault("conditions", []).append(new)
    status["conditions"].sort(key=lambda item: str(item["type"]))


def next_status(
    deployment: Object, bounds: Bounds, new: Member | None, old: Sequence[Member], ready: int, now: float
) -> Object:
    """Return the status that follows from what the ReplicaSets have.

    Args:
        deployment: the Deployment with its last status.
        bounds: what it allows.
        new: its ReplicaSet of the present template, if there is one.
        old: the others.
        ready: how many pods are ready.
        now: the present time.
    """
    members = [*old, new] if new else list(old)
    status = copy.deepcopy(deployment.get("status") or {})
    available = sum(member.available for member in members)
    numbers = {
        "replicas": sum(member.existing for member in members),
        "updatedReplicas": new.existing if new else 0,
        "readyReplicas": ready,
        "availableReplicas": available,
        "unavailableReplicas": max(sum(member.replicas for member in members) - available, 0),
    }
    for field in _NUMBERS:
        status.pop(field, None)
    status.update({field: number for field, number in numbers.items() if number})
    status["observedGeneration"] = deployment["metadata"].get("generation", 0)
    _availability(status, available >= bounds.least, now)
    _pause(deployment, status, now)
    _progress(deployment, status, numbers, new, now)
    return status


def seconds_to_deadline(deployment: Object, status: Object, now: float) -> float | None:
    """Return when the rollout will have failed unless it makes progress; None if it is done, failed or paused."""
    condition, deadline = find_condition(status, "Progressing"), deadline_of(deployment)
    if condition is None or deadline is None or deployment["spec"].get("paused"):
        return None
    if condition["reason"] in (NEW_AVAILABLE, TIMED_OUT):
        return None
    # Timestamps have whole seconds: one more makes sure that it is over by then.
    return max(seconds(condition["lastUpdateTime"]) + deadline + 1 - now, 0.0)


def _availability(status: Object, enough: bool, now: float) -> None:
    reason = "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable"
    message = f"Deployment {'has' if enough else 'does not have'} minimum availability."
    set_deployment_condition(status, "Available", str(enough), reason, message, now=now)


def _pause(deployment: Object, status: Object, now: float) -> None:
    """Stop the deadline's clock while paused, and start it anew afterwards."""
    condition = find_condition(status, "Progressing") or {}
    paused = bool(deployment["spec"].get("paused"))
    if deadline_of(deployment) is None or condition.get("reason") == TIMED_OUT:
        return
    if paused and condition.get("reason") != PAUSED:
        set_deployment_condition(status, "Progressing", "Unknown", PAUSED, "Deployment is paused", now=now)
    elif not paused and condition.get("reason") == PAUSED:
        set_deployment_condition(status, "Progressing", "Unknown", RESUMED, "Deployment is resumed", now=now)


def is_complete(deployment: Object, status: Object) -> bool:
    """Tell whether all pods are of the present template and available, and no others exist."""
    desired = int(deployment["spec"].get("replicas", 1))
    counts = (status.get(field, 0) for field in ("replicas", "updatedReplicas", "availableReplicas"))
    return all(count == desired for count in counts)


def _progress(deployment: Object, status: Object, numbers: dict[str, int], new: Member | None, now: float) -> None:
    deadline = deadline_of(deployment)
    if deadline is None:
        remove_condition(status, "Progressing")
        return
    if deployment["spec"].get("paused"):
        return
    condition = find_condition(status, "Progressing")
    name = new.name if new else deployment["metadata"]["name"]
    if condition and condition["reason"] == NEW_AVAILABLE and numbers["replicas"] == numbers["updatedReplicas"]:
        return
    if is_complete(deployment, status):
        message = f'ReplicaSet "{name}" has successfully progressed.'
        set_deployment_condition(status, "Progressing", "True", NEW_AVAILABLE, message, now=now)
    elif _moved(deployment.get("status") or {}, numbers):
        message = f'ReplicaSet "{name}" is progressing.'
        set_deployment_condition(status, "Progressing", "True", "ReplicaSetUpdated", message, now=now, renew=True)
    elif condition is None:
        message = f'Found new replica set "{name}"'
        set_deployment_condition(status, "Progressing", "True", "FoundNewReplicaSet", message, now=now)
    elif condition["reason"] != NEW_AVAILABLE and seconds(condition["lastUpdateTime"]) + deadline < now:
        message = f'ReplicaSet "{name}" has timed out progressing.'
        set_deployment_condition(status, "Progressing", "False", TIMED_OUT, message, now=now)


def _moved(before: Object, numbers: dict[str, int]) -> bool:
    """Tell whether there are more updated, ready or available pods than before, or fewer old ones."""
    grown = any(
        numbers[field] > before.get(field, 0) for field in ("updatedReplicas", "readyReplicas", "availableReplicas")
    )
    old_before = before.get("replicas", 0) - before.get("updatedReplicas", 0)
    return grown or numbers["replicas"] - numbers["updatedReplicas"] < old_before
