"""Running a Job of the manifests once more, although it was done already."""

from __future__ import annotations

from cluster import pod_logs, wait
from cluster.client import Cluster
from cluster.objects import Objects
from cluster.transport import Json
from cluster.workloads import JOB

LOG_LINES = 10


def run_again(cluster: Cluster, body: Json, timeout: float | None = None) -> list[str]:
    """Run a Job to completion, after what is left of the last time is gone, and return the end of its log.

    Args:
        cluster: where it runs.
        body: what its manifest says.
        timeout: seconds that it may take; None for READY_DEADLINE.

    Raises:
        Unready: it failed, or took too long.
    """
    jobs, name = JOB.collection(cluster), body["metadata"]["name"]
    live = jobs.find(name)
    if live is not None:
        jobs.delete(name, "Foreground")
        wait.gone(jobs, name, live["metadata"]["uid"])
    Objects(cluster).apply(body)
    done = wait.ready(cluster, JOB, name, timeout)
    pods = cluster.pods.list(done["spec"]["selector"]["matchLabels"])
    return [line for pod in pods for line in pod_logs.tail(cluster, pod, LOG_LINES)]
