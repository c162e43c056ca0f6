"""New pods for one Deployment: begun, watched until they answer, and taken back if they do not come up."""

from __future__ import annotations

import time
from collections.abc import Callable

from cluster import Cluster, pod_logs, restarts
from cluster.health import ImpatientEye
from cluster.transport import Json
from cluster.workloads import is_true, rolled_out
from dev import words
from dev.asking import Asker

# From one ready pod to the next. A pod is ready after a second or two; on a machine with much to do after five.
READY_SECONDS = 20.0
LOG_LINES = 8
# So often is asked once no old pod is left: if none of that gets to a new one, no traffic is led to this Deployment.
LAST_QUESTIONS = 20

Say = Callable[[str], None]
# How many seconds after the save a moment was, in seconds since the epoch; None for now.
Age = Callable[[float | None], float]


class BrokenError(Exception):
    """New pods that do not come up.

    Args:
        message: one line that says which pod and why.
        log: the last lines of that pod.
    """

    def __init__(self, message: str, log: list[str]) -> None:
        super().__init__(message)
        self.log = log


class Replacement:
    """Replaces the pods of one Deployment.

    Args:
        cluster: where it runs.
        deployment: the Deployment as it is.
        good: the mark of its pods that are known to answer, for the way back.
        asker: asks the pods through the gateway; None where the gateway does not lead to them.
        age: how long ago the file was saved.
        say: is told what became of it.
    """

    def __init__(
        self, cluster: Cluster, deployment: Json, good: str | None, asker: Asker | None, age: Age, say: Say
    ) -> None:
        self.name: str = deployment["metadata"]["name"]
        self.uid: str = deployment["metadata"]["uid"]
        self.complete = self.over = False
        self._cluster = cluster
        self._good = good
        self._asker = asker
        self._age = age
        self._say = say
        self._mark = ""
        self._ready = 0
        self._due = 0.0
        self._questions = LAST_QUESTIONS if asker else 0

    def begin(self, mark: str) -> None:
        """Have new pods made by the rules of the Deployment's rollout: an old one leaves when a new one is ready.

        Args:
            mark: what the new pods are told by.
        """
        self._mark = mark
        self._due = time.monotonic() + READY_SECONDS
        restarts.restart(self._cluster, self.name, mark)

    def take_back(self) -> None:
        """Go back to the pods that are known to answer, which have never stopped serving."""
        self.over = True
        restarts.restart(self._cluster, self.name, self._good)

    def look(self) -> bool:
        """See how far it is, and tell whether a pod is ready that has not answered yet.

        Raises:
            BrokenError: a new pod crashed, or is not ready in time.
        """
        body = self._cluster.deployments.get(self.name)
        pods = restarts.restarted_pods(self._cluster, body, self._mark)
        for pod in pods:
            self._refuse_crashed(pod)
        ready, alone = [pod for pod in pods if is_true(pod, "Ready")], rolled_out(body)
        if ready and self._asker and self._questions:
            self._ask(self._asker, ready)
            self._questions -= alone and self._questions > 0
        if alone and not self._questions:
            self.complete = self.over = True
            self._say(words.replaced(self.name, len(pods), self._age(None)))
            return False
        self._refuse_late(body, pods, len(ready))
        return bool(ready and self._questions)

    def _ask(self, asker: Asker, ready: list[Json]) -> None:
        asker.ask()
        for pod in ready:
            moment = asker.first_answer(pod)
            if moment is not None:
                self._questions = 0
                self._say(words.answered(self.name, pod["metadata"]["name"], self._age(moment)))
                return

    def _refuse_crashed(self, pod: Json) -> None:
        code = pod_logs.exit_code(pod)
        if code is not None:
            log = pod_logs.last_words(self._cluster, pod, LOG_LINES)
            raise BrokenError(words.crashed(pod["metadata"]["name"], code, log), log)

    def _refuse_late(self, body: Json, pods: list[Json], ready: int) -> None:
        now = time.monotonic()
        if ready > self._ready:
            self._ready, self._due = ready, now + READY_SECONDS
        if now < self._due:
            return
        eye = ImpatientEye(self._cluster, f"Deployment {self.name}", body["spec"]["selector"]["matchLabels"])
        found = eye.diagnosis(body)
        late = [pod for pod in pods if not is_true(pod, "Ready")]
        log = pod_logs.last_words(self._cluster, late[0], LOG_LINES) if late else []
        raise BrokenError(words.not_ready(f"{found.reason}: {found.detail}" if found else "", READY_SECONDS), log)
