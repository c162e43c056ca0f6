"""Reading from workloads and their pods why they are not ready, in Kubernetes' own words."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from cluster import pod_logs
from cluster.client import Cluster
from cluster.errors import Unready
from cluster.transport import Json
from cluster.workloads import condition, is_true

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
# Containers wait for these in the ordinary course of a start, for as long as an image is being pulled.
_STARTING = ("ContainerCreating", "PodInitializing")
# What the end of a log is, in one line of an error.
LOG_LINES, LOG_CHARACTERS = 5, 400


@dataclass(frozen=True)
class Diagnosis:
    """Why something is not ready.

    Attributes:
        reason: Kubernetes' own word.
        detail: where, and what Kubernetes says about it.
    """

    reason: str
    detail: str


class ImpatientEye:
    """Watches over the pods of one workload and gives up on those that waiting will not mend.

    Args:
        cluster: where it runs.
        what: what it is called, such as ``Deployment order``.
        selector: labels of its pods.
        clock: monotonic seconds.
    """

    def __init__(
        self, cluster: Cluster, what: str, selector: Mapping[str, str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._cluster = cluster
        self._what = what
        self._selector = selector
        self._clock = clock
        self._first_seen: dict[tuple[str, str], float] = {}

    def look(self, body: Json) -> None:
        """Look at the workload and its pods once.

        Raises:
            Unready: it failed, missed a deadline of its own, or a pod was in trouble for longer than is tolerated.
        """
        pods = self._pods()
        if is_true(body, "Failed"):
            self._tell_failure(body, pods)
        if condition(body, "Progressing").get("reason") == "ProgressDeadlineExceeded" and not _are_starting(pods):
            self._tell_missed_deadline(body)
        # How often a Job's containers may crash is the Job's own matter.
        bearable = ("CrashLoopBackOff",) if body.get("kind") == "Job" else ()
        for pod in pods:
            for trouble in _troubles(pod):
                if trouble.reason not in bearable:
                    self._bear(pod["metadata"]["uid"], trouble)

    def diagnosis(self, body: Json) -> Diagnosis | None:
        """Return the gravest reason why pods are not ready, or None if there is nothing to say."""
        pods = self._pods()
        for pod in pods:
            for trouble in _troubles(pod):
                return Diagnosis(trouble.reason, trouble.detail)
        for pod in pods:
            if found := _unscheduled(pod) or self._ended_badly(pod) or self._not_ready(pod):
                return found
        return self._not_created(body) if not pods else None

    def _tell_failure(self, body: Json, pods: list[Json]) -> None:
        failed = condition(body, "Failed")
        newest_first = sorted(pods, key=lambda pod: str(pod["metadata"].get("creationTimestamp")), reverse=True)
        words = next((found.detail for found in map(self._ended_badly, newest_first) if found), "")
        said = "; ".join(part for part in (failed.get("message", ""), words) if part)
        raise Unready(self._what, failed.get("reason", "Failed"), said)

    def _tell_missed_deadline(self, body: Json) -> None:
        found = self.diagnosis(body)
        detail = f"{found.reason}: {found.detail}" if found else condition(body, "Progressing").get("message", "")
        raise Unready(self._what, "ProgressDeadlineExceeded", detail)

    def _bear(self, uid: str, trouble: _Trouble) -> None:
        tolerance = TOLERANCES.get(trouble.reason)
        if tolerance is None:
            return
        since = self._first_seen.setdefault((uid, trouble.reason), self._clock())
        crashed_enough = trouble.reason == "CrashLoopBackOff" and trouble.restarts >= CRASH_RESTARTS
        if crashed_enough or self._clock() - since >= tolerance:
            raise Unready(self._what, trouble.reason, trouble.detail)

    def _pods(self) -> list[Json]:
        return [pod for pod in self._cluster.pods.list(self._selector) if "deletionTimestamp" not in pod["metadata"]]

    def _ended_badly(self, pod: Json) -> Diagnosis | None:
        """Return how a pod that is not started again has ended, with the end of its log."""
        if pod.get("status", {}).get("phase") != "Failed":
            return None
        for container in _statuses(pod):
            ended = container.get("state", {}).get("terminated") or {}
            if ended.get("exitCode"):
                where = f"pod {pod['metadata']['name']}, container {container['name']}"
                log = pod_logs.tail(self._cluster, pod, LOG_LINES, container=container["name"])
                words = " ".join(log) or ended.get("message", "")
                said = f"{where}: ended with exit code {ended['exitCode']}"
                return Diagnosis(ended.get("reason", "Error"), f"{said}: {_short(words)}" if words else said)
        return Diagnosis(pod["status"].get("reason", "Failed"), pod["status"].get("message", pod["metadata"]["name"]))

    def _not_ready(self, pod: Json) -> Diagnosis | None:
        ready, name = condition(pod, "Ready"), pod["metadata"]["name"]
        if ready.get("status") == "True" or pod.get("status", {}).get("phase") == "Succeeded":
            return None
        warned = self._warning(name)
        if warned is not None:
            path = warned.get("involvedObject", {}).get("fieldPath", "")
            container = f", container {path.partition('{')[2].rstrip('}')}" if "{" in path else ""
            return Diagnosis(warned["reason"], f"pod {name}{container}: {' '.join(warned['message'].split())}")
        return Diagnosis(ready.get("reason", "NotReady"), f"pod {name}: {ready.get('message', 'is not ready')}")

    def _not_created(self, body: Json) -> Diagnosis | None:
        """Return why there is no pod: a Deployment has a condition that says so, other kinds have events."""
        failure = condition(body, "ReplicaFailure")
        if failure.get("status") == "True":
            return Diagnosis(failure.get("reason", "ReplicaFailure"), failure.get("message", ""))
        warned = self._warning(body["metadata"]["name"])
        return Diagnosis(warned["reason"], " ".join(warned["message"].split())) if warned else None

    def _warning(self, name: str) -> Json | None:
        """Return the newest thing that Kubernetes warns of about an object; a failing probe before all else."""
        events = self._cluster.events.list(fields={"involvedObject.name": name})
        warnings = [each for each in events if each.get("type") == "Warning" or each.get("reason") == "Unhealthy"]
        return max(warnings, key=lambda each: (each.get("reason") == "Unhealthy", _when(each)), default=None)


@dataclass(frozen=True)
class _Trouble:
    reason: str
    detail: str
    restarts: int


def _statuses(pod: Json) -> list[Json]:
    status = pod.get("status", {})
    return [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]


def _troubles(pod: Json) -> Iterator[_Trouble]:
    """Yield what is wrong with every container that waits for anything but its ordinary start."""
    for container in _statuses(pod):
        waiting = container.get("state", {}).get("waiting")
        if waiting and waiting.get("reason") not in (None, *_STARTING):
            detail = _detail(pod["metadata"]["name"], container, waiting.get("message", ""))
            yield _Trouble(waiting["reason"], detail, container.get("restartCount", 0))


def _are_starting(pods: list[Json]) -> bool:
    """Tell whether all that keeps pods is their start: while it pulls an image a Deployment makes no progress."""
    reasons = [(each.get("state", {}).get("waiting") or {}).get("reason") for pod in pods for each in _statuses(pod)]
    return any(reason in _STARTING for reason in reasons) and not any(True for pod in pods for _ in _troubles(pod))


def _detail(pod: str, container: Json, message: str) -> str:
    ended = container.get("lastState", {}).get("terminated")
    parts = [f"pod {pod}, container {container['name']}"]
    if ended:
        parts.append(f"ended with exit code {ended.get('exitCode')}, {container.get('restartCount', 0)} restarts")
    if message:
        parts.append(" ".join(message.split()))
    return ": ".join(parts)


def _short(words: str) -> str:
    text = " ".join(words.split())
    return text if len(text) <= LOG_CHARACTERS else f"... {text[-LOG_CHARACTERS:]}"


def _when(event: Json) -> str:
    """Return when an event was last seen; timestamps of one form sort as text."""
    return str(event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp") or "")


def _unscheduled(pod: Json) -> Diagnosis | None:
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") != "False":
        return None
    return Diagnosis(scheduled.get("reason", "Unschedulable"), scheduled.get("message", ""))
