"""New pods of the same template, as `kubectl rollout restart` makes them: by a mark in the template."""

from __future__ import annotations

from cluster.client import Cluster
from cluster.collection import MERGE
from cluster.transport import Json

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
FIELD_MANAGER = "kubectl-rollout"


def restarted_at(deployment: Json) -> str | None:
    """Return the mark that a Deployment's template bears, None for none."""
    mark = (deployment["spec"]["template"]["metadata"].get("annotations") or {}).get(RESTARTED_AT)
    return None if mark is None else str(mark)


def restart(cluster: Cluster, deployment: str, mark: str | None) -> None:
    """Have all pods of a Deployment replaced, by the rules of its rollout.

    Args:
        cluster: where it runs.
        deployment: its name.
        mark: what the new pods bear; one of an earlier restart, or None for before the first, goes back to that: its
            pods stay, where they still run.
    """
    template = {"metadata": {"annotations": {RESTARTED_AT: mark}}}
    patch = {"spec": {"template": template}}
    cluster.deployments.patch(deployment, patch, MERGE, {"fieldManager": FIELD_MANAGER})


def restarted_pods(cluster: Cluster, deployment: Json, mark: str | None) -> list[Json]:
    """Return the pods of a Deployment that bear a mark and were not told to go."""
    pods = cluster.pods.list(deployment["spec"]["selector"]["matchLabels"])
    return [
        pod
        for pod in pods
        if (pod["metadata"].get("annotations") or {}).get(RESTARTED_AT) == mark
        and "deletionTimestamp" not in pod["metadata"]
    ]
