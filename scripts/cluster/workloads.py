"""The kinds that run pods: how each says that all its pods are as declared, or that its work is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cluster.client import APPS, Cluster
from cluster.collection import Collection
from cluster.transport import Json

BATCH = "/apis/batch/v1"


@dataclass(frozen=True)
class Workload:
    """A kind that runs pods.

    Attributes:
        kind: name of the kind.
        root: address of its group and version.
        plural: its name in addresses.
        done: tells whether an object needs no more waiting for.
        progress: says in one clause how far an object is.
    """

    kind: str
    root: str
    plural: str
    done: Callable[[Json], bool]
    progress: Callable[[Json], str]

    def collection(self, cluster: Cluster) -> Collection:
        """Return all objects of the kind."""
        return cluster.collection(self.root, self.plural)


def condition(body: Json, kind: str) -> Json:
    """Return a condition of an object, empty where it has none of that type."""
    conditions: list[Json] = body.get("status", {}).get("conditions") or []
    return next((each for each in conditions if each["type"] == kind), {})


def is_true(body: Json, kind: str) -> bool:
    """Tell whether a condition of an object is true."""
    return bool(condition(body, kind).get("status") == "True")


def rolled_out(deployment: Json) -> bool:
    """Tell whether a rollout is complete, by the same rules as ``kubectl rollout status``."""
    status = deployment.get("status", {})
    if _is_unobserved(deployment):
        return False
    wanted = deployment["spec"].get("replicas", 1)
    updated, total = status.get("updatedReplicas", 0), status.get("replicas", 0)
    return bool(updated >= wanted and total <= updated and status.get("availableReplicas", 0) >= updated)


def _replicas_progress(body: Json) -> str:
    status, wanted = body.get("status", {}), body["spec"].get("replicas", 1)
    return f"{status.get('updatedReplicas', 0)} of {wanted} updated, {status.get('availableReplicas', 0)} available"


def _set_rolled_out(stateful_set: Json) -> bool:
    status = stateful_set.get("status", {})
    if _is_unobserved(stateful_set) or status.get("readyReplicas", 0) < stateful_set["spec"].get("replicas", 1):
        return False
    on_delete = stateful_set["spec"].get("updateStrategy", {}).get("type") == "OnDelete"
    return on_delete or bool(status.get("updateRevision") == status.get("currentRevision"))


def _daemons_rolled_out(daemon_set: Json) -> bool:
    status = daemon_set.get("status", {})
    wanted = status.get("desiredNumberScheduled", 0)
    found = min(status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0))
    return not _is_unobserved(daemon_set) and bool(found >= wanted)


def _daemons_progress(daemon_set: Json) -> str:
    status = daemon_set.get("status", {})
    wanted, available = status.get("desiredNumberScheduled", 0), status.get("numberAvailable", 0)
    return f"{status.get('updatedNumberScheduled', 0)} of {wanted} updated, {available} available"


def _job_progress(job: Json) -> str:
    status = job.get("status", {})
    counts = [f"{status.get(kind, 0)} {kind}" for kind in ("active", "succeeded", "failed")]
    return f"{', '.join(counts)} of {job['spec'].get('completions', 1)} to complete"


def _is_unobserved(body: Json) -> bool:
    return bool(body.get("status", {}).get("observedGeneration", 0) < body["metadata"].get("generation", 0))


DEPLOYMENT = Workload("Deployment", APPS, "deployments", rolled_out, _replicas_progress)
STATEFUL_SET = Workload("StatefulSet", APPS, "statefulsets", _set_rolled_out, _replicas_progress)
DAEMON_SET = Workload("DaemonSet", APPS, "daemonsets", _daemons_rolled_out, _daemons_progress)
JOB = Workload("Job", BATCH, "jobs", lambda job: is_true(job, "Complete"), _job_progress)
