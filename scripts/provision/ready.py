"""Waiting for what charts install, with the reason that Kubernetes gives."""

from __future__ import annotations

from cluster import wait
from cluster.client import APPS, Cluster
from cluster.errors import NotFound, Unready
from cluster.health import Diagnosis, ImpatientEye
from cluster.transport import Json

# Images of some 100 MB come over whatever line there is.
PULL_DEADLINE = 600.0


def await_workload(cluster: Cluster, kind: str, name: str, timeout: float = PULL_DEADLINE) -> None:
    """Wait until a Deployment or a DaemonSet of the cluster's namespace is ready.

    Raises:
        Unready: it did not become ready; says why.
    """
    if kind == "Deployment":
        wait.deployment_ready(cluster, name, timeout)
    else:
        _daemon_set_ready(cluster, name, timeout)


def _daemon_set_ready(cluster: Cluster, name: str, timeout: float) -> None:
    daemon_sets = cluster.collection(APPS, "daemonsets")
    selector = daemon_sets.get(name)["spec"]["selector"]["matchLabels"]

    def late() -> Exception:
        try:
            found = ImpatientEye(cluster, f"DaemonSet {name}", selector).diagnosis()
        except NotFound:  # no pod, and no Deployment that could say why
            found = None
        diagnosis = found or Diagnosis("Timeout", _progress(daemon_sets.get(name)))
        return Unready(f"DaemonSet {name}", diagnosis.reason, f"{diagnosis.detail}; waited {timeout:g} s")

    watched: list[wait.Watched] = [(daemon_sets, None), (cluster.pods, selector)]
    wait.until(lambda: True if _is_on_all_nodes(daemon_sets.get(name)) else None, watched, timeout, late)


def _is_on_all_nodes(body: Json) -> bool:
    status = body.get("status", {})
    if status.get("observedGeneration", 0) < body["metadata"].get("generation", 0):
        return False
    wanted = status.get("desiredNumberScheduled", 0)
    return bool(status.get("updatedNumberScheduled", 0) >= wanted and status.get("numberAvailable", 0) >= wanted > 0)


def _progress(body: Json) -> str:
    status = body.get("status", {})
    return f"on {status.get('numberAvailable', 0)} of {status.get('desiredNumberScheduled', 0)} nodes"
