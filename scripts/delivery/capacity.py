"""How many pods the two versions of a release have: an autoscaler, or a person, may change that in the middle of it."""

from __future__ import annotations

import contextlib

from cluster import endpoints, wait
from cluster.client import Cluster
from cluster.errors import Unready

# How long users stay on a bad version, which answers some of them, while nobody is there yet on the old one: as long as
# a lost pod takes to be replaced where its image is known.
RETURN_DEADLINE = 30.0


def fit(cluster: Cluster, service: str, deployment: str, other: str) -> bool:
    """Give a Deployment as many pods as another one has, if it has fewer, and wait until the Service leads to them.

    Users who move from one version to the other then find as many pods as they leave. It never takes pods away: whoever
    scales knows better why.

    Args:
        cluster: where they run.
        service: the Service that leads to both.
        deployment: name of the one that gets users.
        other: name of the one that they leave.

    Returns:
        whether it had fewer.

    Raises:
        Unready: the pods do not get ready.
        ClusterError: the Service does not lead to them.
    """
    if not ask(cluster, deployment, other):
        return False
    wait.deployment_ready(cluster, deployment)
    endpoints.wait_serving(cluster, service, cluster.deployments.get(deployment)["spec"]["selector"]["matchLabels"])
    return True


def ask(cluster: Cluster, deployment: str, other: str) -> bool:
    """Do the same without waiting, for the way back, on which nobody waits."""
    wanted = _replicas(cluster, other)
    if _replicas(cluster, deployment) >= wanted:
        return False
    cluster.deployments.patch(deployment, {"spec": {"replicas": wanted}})
    return True


def await_somebody(cluster: Cluster, deployment: str) -> None:
    """Wait until a Deployment has a pod for the users who go back to it; but not for ever, for it is the way back."""

    def check() -> bool | None:
        found = cluster.deployments.find(deployment)
        return True if found is None or found.get("status", {}).get("availableReplicas") else None

    def late() -> Unready:
        return Unready(f"Deployment {deployment}", "Timeout", f"no pod within {RETURN_DEADLINE:g} s")

    with contextlib.suppress(Unready):
        wait.until(check, [(cluster.deployments, None)], RETURN_DEADLINE, late)


def _replicas(cluster: Cluster, deployment: str) -> int:
    found = cluster.deployments.find(deployment)
    return 0 if found is None else int(found["spec"].get("replicas", 1))
