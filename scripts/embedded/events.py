"""Event objects: how the parts of the cluster say what they did, or could not do, about an object."""

from __future__ import annotations

from typing import Any

from embedded.apiserver.resources import EVENTS
from embedded.apiserver.store import Store, now


class EventRecorder:
    """Writes ``v1.Event`` objects for one component; a repeated one is counted instead of written again.

    Args:
        store: where the events go.
        component: who speaks, such as ``kubelet``.
    """

    def __init__(self, store: Store, component: str) -> None:
        self._store = store
        self._component = component

    def normal(self, about: dict[str, Any], reason: str, message: str) -> None:
        """Say that something was done."""
        self._record(about, "Normal", reason, message)

    def warning(self, about: dict[str, Any], reason: str, message: str) -> None:
        """Say that something went wrong or is not supported."""
        self._record(about, "Warning", reason, message)

    def _record(self, about: dict[str, Any], kind: str, reason: str, message: str) -> None:
        meta = about["metadata"]
        namespace = meta.get("namespace") or "default"
        for event in self._store.peek(EVENTS, namespace):
            same = event["involvedObject"].get("uid") == meta.get("uid") and event["reason"] == reason
            if same and event["message"] == message:
                self._store.mutate(EVENTS, namespace, event["metadata"]["name"], _count)
                return
        self._store.create(EVENTS, self._new(about, namespace, kind, reason, message))

    def _new(self, about: dict[str, Any], namespace: str, kind: str, reason: str, message: str) -> dict[str, Any]:
        meta = about["metadata"]
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"generateName": f"{meta['name']}.", "namespace": namespace},
            "involvedObject": {
                "apiVersion": about.get("apiVersion", ""),
                "kind": about.get("kind", ""),
                "namespace": meta.get("namespace", ""),
                "name": meta["name"],
                "uid": meta.get("uid", ""),
            },
            "type": kind,
            "reason": reason,
            "message": message,
            "count": 1,
            "firstTimestamp": now(),
            "lastTimestamp": now(),
            "source": {"component": self._component},
            "reportingComponent": self._component,
        }


def _count(event: dict[str, Any]) -> None:
    event["count"] += 1
    event["lastTimestamp"] = now()
