"""The pods of the service on the page, by side."""

from __future__ import annotations

from collections.abc import Sequence

from embedded.observatory.cluster_source import Object
from embedded.observatory.pages.focus import VERSION, Focus, Side

_SERVICE = "app"


def of_side(pods: Sequence[Object], focus: Focus, side: Side) -> list[Object]:
    """Return name, version, state and readiness of each pod of one side, in the order of their names."""
    mine = [pod for pod in pods if _belongs(pod, focus, side)]
    return [_told(pod) for pod in sorted(mine, key=lambda each: str(each["metadata"]["name"]))]


def _belongs(pod: Object, focus: Focus, side: Side) -> bool:
    labels = pod["metadata"].get("labels") or {}
    done = pod.get("status", {}).get("phase") == "Succeeded"
    return labels.get(_SERVICE) == focus.service and labels.get(focus.label) == side.value and not done


def _told(pod: Object) -> Object:
    containers = pod.get("status", {}).get("containerStatuses") or []
    state, ready = _state(pod, containers), bool(containers) and all(each.get("ready") for each in containers)
    return {
        "name": pod["metadata"]["name"],
        "version": (pod["metadata"].get("labels") or {}).get(VERSION, ""),
        "state": "Ready" if state == "Running" and ready else "Not ready" if state == "Running" else state,
        "ready": ready and state == "Running",
        "restarts": sum(int(each.get("restartCount", 0)) for each in containers),
    }


def _state(pod: Object, containers: Sequence[Object]) -> str:
    """Return the state as kubectl names it."""
    if pod["metadata"].get("deletionTimestamp"):
        return "Terminating"
    waiting = [str((each.get("state", {}).get("waiting") or {}).get("reason") or "") for each in containers]
    return next(filter(None, waiting), str(pod.get("status", {}).get("phase", "Pending")))
