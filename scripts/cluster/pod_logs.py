"""What a pod said last, and how its container ended."""

from __future__ import annotations

from cluster.client import Cluster
from cluster.errors import ClusterError
from cluster.transport import Json


def tail(cluster: Cluster, pod: Json, lines: int, *, container: str = "", previous: bool = False) -> list[str]:
    """Return the last lines of a container of a pod; none where nobody has them, or may read them.

    Args:
        cluster: where the pod runs.
        pod: the pod.
        lines: how many at most.
        container: its name; empty for the first one.
        previous: the lines of the start before the last one.
    """
    query = {"container": container or pod["spec"]["containers"][0]["name"], "tailLines": str(lines)}
    if previous:
        query["previous"] = "true"
    try:
        text = cluster.text(f"{cluster.pods.path}/{pod['metadata']['name']}/log", query)
    except ClusterError:
        return []
    return text.splitlines()


def last_words(cluster: Cluster, pod: Json, lines: int) -> list[str]:
    """Return the last lines of a pod that crashed: of the start that crashed, if it was started again since."""
    crashed = any(status.get("restartCount") for status in statuses(pod))
    return (tail(cluster, pod, lines, previous=True) if crashed else []) or tail(cluster, pod, lines)


def exit_code(pod: Json) -> int | None:
    """Return how a container of a pod ended, now or before it was started again; None if none has ended."""
    for status in statuses(pod):
        for state in (status.get("state") or {}, status.get("lastState") or {}):
            if "terminated" in state:
                return int(state["terminated"].get("exitCode", 0))
    return None


def statuses(pod: Json) -> list[Json]:
    """Return what is known of each of a pod's containers."""
    return list(pod.get("status", {}).get("containerStatuses") or [])
