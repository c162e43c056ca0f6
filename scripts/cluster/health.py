"""Reading from Deployments and pods whether they are ready, and if not, why, in Kubernetes' own words."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from cluster.client import Cluster
from cluster.errors import Unready
from cluster.transport import Json

# A container that crashes may yet come up, when what it needs comes up: Kubernetes starts it again. One that crashed
# again after so many restarts, or is in and out of the back-off for so long, is taken for broken.
CRASH_RESTARTS = 2
CRASH_TOLERANCE = 30.0
# A registry may refuse once and answer the next time.
PULL_TOLERANCE = 10.0
TOLERANCES = {
    "CrashLoopBackOff": CRASH_TOLERANCE,
    "ImagePullBackOff": PULL_TOLERANCE,
    "ErrImagePull": PULL_TOLERANCE,
    "ErrImageNeverPull": 0.0,
    "InvalidImageName": 0.0,
    "CreateContainerConfigError": PULL_TOLERANCE,
    "CreateContainerError": PULL_TOLERANCE,
}


@dataclass(frozen=True)
class Diagnosis:
    """Why something is not ready.

    Attributes:
        reason: Kubernetes' own word.
        detail: where, and what Kubernetes says about it.
    """

    reason: str
    detail: str


def rolled_out(deployment: Json) -> bool:
    """Tell whether a rollout is complete, by the same rules as ``kubectl rollout status``."""
    status = deployment.get("status", {})
    if status.get("observedGeneration", 0) < deployment["metadata"].get("generation", 0):
        return False
    wanted = deployment["spec"].get("replicas", 1)
    updated, total = status.get("updatedReplicas", 0), status.get("replicas", 0)
    return bool(updated >= wanted and total <= updated and status.get("availableReplicas", 0) >= updated)


def progress(deployment: Json) -> str:
    """Return how far a rollout is, in one clause."""
    status, wanted = deployment.get("status", {}), deployment["spec"].get("replicas", 1)
    return f"{status.get('updatedReplicas', 0)} of {wanted} updated, {status.get('availableReplicas', 0)} available"


class ImpatientEye:
    """Watches over the pods of one Deployment and gives up on those that waiting will not mend.

    Args:
        cluster: where it runs.
        name: name of the Deployment.
        selector: labels of its pods.
        clock: monotonic seconds.
    """

    def __init__(
        self, cluster: Cluster, name: str, selector: Mapping[str, str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._cluster = cluster
        self._name = name
        self._selector = selector
        self._clock = clock
        self._first_seen: dict[tuple[str, str], float] = {}

    def look(self, deployment: Json) -> None:
        """Look at the Deployment and its pods once.

        Raises:
            Unready: the rollout missed its own deadline, or a pod was in trouble for longer than is tolerated.
        """
        progressing = _condition(deployment, "Progressing")
        if progressing.get("reason") == "ProgressDeadlineExceeded":
            found = self.diagnosis()
            detail = f"{found.reason}: {found.detail}" if found else progressing.get("message", "")
            raise Unready(f"Deployment {self._name}", "ProgressDeadlineExceeded", detail)
        for pod in self._pods():
            for trouble in _troubles(pod):
                self._bear(pod["metadata"]["uid"], trouble)

    def diagnosis(self) -> Diagnosis | None:
        """Return the gravest reason why pods are not ready, or None if there is nothing to say."""
        pods = self._pods()
        for pod in pods:
            for trouble in _troubles(pod):
                return Diagnosis(trouble.reason, trouble.detail)
        for pod in pods:
            if found := _unscheduled(pod) or self._probe_failure(pod):
                return found
        return self._not_created() if not pods else None

    def _bear(self, uid: str, trouble: _Trouble) -> None:
        tolerance = TOLERANCES.get(trouble.reason)
        if tolerance is None:
            return
        since = self._first_seen.setdefault((uid, trouble.reason), self._clock())
        crashed_enough = trouble.reason == "CrashLoopBackOff" and trouble.restarts >= CRASH_RESTARTS
        if crashed_enough or self._clock() - since >= tolerance:
            raise Unready(f"Deployment {self._name}", trouble.reason, trouble.detail)

    def _pods(self) -> list[Json]:
        return [pod for pod in self._cluster.pods.list(self._selector) if "deletionTimestamp" not in pod["metadata"]]

    def _probe_failure(self, pod: Json) -> Diagnosis | None:
        ready = _condition(pod, "Ready")
        if ready.get("status") == "True":
            return None
        name = pod["metadata"]["name"]
        events = self._cluster.events.list(fields={"involvedObject.name": name})
        unhealthy = [event["message"] for event in events if event.get("reason") == "Unhealthy"]
        if unhealthy:
            return Diagnosis("Unhealthy", f"pod {name}: {unhealthy[-1]}")
        return Diagnosis(ready.get("reason", "NotReady"), f"pod {name}: {ready.get('message', 'is not ready')}")

    def _not_created(self) -> Diagnosis | None:
        failure = _condition(self._cluster.deployments.get(self._name), "ReplicaFailure")
        if failure.get("status") != "True":
            return None
        return Diagnosis(failure.get("reason", "ReplicaFailure"), failure.get("message", ""))


@dataclass(frozen=True)
class _Trouble:
    reason: str
    detail: str
    restarts: int


def _troubles(pod: Json) -> Iterator[_Trouble]:
    """Yield what is wrong with every container that waits for anything but its ordinary start."""
    status = pod.get("status", {})
    for container in status.get("initContainerStatuses", []) + status.get("containerStatuses", []):
        waiting = container.get("state", {}).get("waiting")
        if waiting and waiting.get("reason") not in (None, "ContainerCreating", "PodInitializing"):
            detail = _detail(pod["metadata"]["name"], container, waiting.get("message", ""))
            yield _Trouble(waiting["reason"], detail, container.get("restartCount", 0))


def _detail(pod: str, container: Json, message: str) -> str:
    ended = container.get("lastState", {}).get("terminated")
    parts = [f"pod {pod}, container {container['name']}"]
    if ended:
        parts.append(f"ended with exit code {ended.get('exitCode')}, {container.get('restartCount', 0)} restarts")
    if message:
        parts.append(" ".join(message.split()))
    return ": ".join(parts)


def _condition(body: Json, kind: str) -> Json:
    conditions: list[Json] = body.get("status", {}).get("conditions", [])
    return next((condition for condition in conditions if condition["type"] == kind), {})


def _unscheduled(pod: Json) -> Diagnosis | None:
    scheduled = _condition(pod, "PodScheduled")
    if scheduled.get("status") != "False":
        return None
    return Diagnosis(scheduled.get("reason", "Unschedulable"), scheduled.get("message", ""))
