"""Waiting for the cluster: woken by watches, bounded by a deadline, and never without the reason.

A watch only says that something changed; what is there now is read afresh. So a watch that broke, or whose history the
API server forgot (410), costs one more reading and never a wrong answer.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from cluster.client import Cluster
from cluster.collection import Collection
from cluster.errors import ClusterError, Unreachable, Unready
from cluster.health import Diagnosis, ImpatientEye
from cluster.transport import Changes, Json
from cluster.workloads import DEPLOYMENT, Workload

T = TypeVar("T")

# How long anything in the cluster may take to become ready, pulling of images included.
READY_DEADLINE = 120.0
# Nobody waits for an hour; a longer time is a slip of the pen.
LONGEST_DEADLINE = 3600.0
# How long pods may take to go: their grace period and some.
GONE_DEADLINE = 60.0
# Tolerances run out without any change in the cluster: look again after this time even if no watch speaks.
LOOK_AGAIN = 1.0
# Pause before a watch that broke is opened again, so that an API server that restarts is not hammered.
RECONNECT_PAUSE = 0.2

Watched = tuple[Collection, Mapping[str, str] | None]


class Wakeup:
    """Watches collections in threads of its own, and wakes whoever waits on the first change.

    Args:
        watched: collections, each with the labels that narrow it down (None: all objects).
    """

    def __init__(self, watched: Sequence[Watched]) -> None:
        self._changed = threading.Event()
        self._closed = threading.Event()
        self._open: dict[int, Changes] = {}
        self._threads = [
            threading.Thread(target=self._run, args=(number, *each), name=f"watch-{each[0].plural}", daemon=True)
            for number, each in enumerate(watched)
        ]

    def __enter__(self) -> Wakeup:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._closed.set()
        for changes in list(self._open.values()):
            changes.stop()

    def wait(self, timeout: float) -> None:
        """Return after the next change, or after the timeout."""
        self._changed.wait(timeout)
        self._changed.clear()

    def _run(self, number: int, collection: Collection, labels: Mapping[str, str] | None) -> None:
        while not self._closed.is_set():
            try:
                self._follow(number, collection, labels)
            except ClusterError:
                self._closed.wait(RECONNECT_PAUSE)

    def _follow(self, number: int, collection: Collection, labels: Mapping[str, str] | None) -> None:
        since = collection.snapshot(labels)["metadata"]["resourceVersion"]
        changes = self._open[number] = collection.changes(since, labels)
        if self._closed.is_set():  # whoever closed this may have done so before there was anything to stop
            return
        # What happened between the last reading and the start of this watch is not told by it.
        self._changed.set()
        for _change in changes:
            self._changed.set()
            if self._closed.is_set():
                return


def until(
    check: Callable[[], T | None], watched: Sequence[Watched], timeout: float, late: Callable[[], Exception]
) -> T:
    """Return the first answer of `check` that is not None; it is asked at once and after every change.

    Args:
        check: reads the cluster afresh; it may raise what makes further waiting pointless.
        watched: what may change the answer.
        timeout: seconds after which `late` is raised.
        late: builds the error that says what was missing.

    Raises:
        ClusterError: whatever `check` and `late` raise; an API server that is away is borne until the deadline.
    """
    deadline = time.monotonic() + timeout
    with Wakeup(watched) as wakeup:
        while True:
            try:
                answer = check()
            except Unreachable:
                if time.monotonic() >= deadline:
                    raise
                answer = None
            if answer is not None:
                return answer
            left = deadline - time.monotonic()
            if left <= 0:
                raise late()
            wakeup.wait(min(left, LOOK_AGAIN))


def ready_deadline(environ: Mapping[str, str] = os.environ) -> float:
    """Return how long anything may take to become ready, in seconds: READY_DEADLINE, or as long as images need.

    Raises:
        ClusterError: it is no number of seconds.
    """
    text = environ.get("READY_DEADLINE", "")
    try:
        seconds = float(text) if text else READY_DEADLINE
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= LONGEST_DEADLINE:
        raise ClusterError(f"READY_DEADLINE={text} must be a number of seconds from 1 to {LONGEST_DEADLINE:g}")
    return seconds


def ready(cluster: Cluster, workload: Workload, name: str, timeout: float | None = None) -> Json:
    """Wait until a workload runs nothing but ready pods of its newest template, or is done, and return it.

    Args:
        cluster: where it runs.
        workload: its kind.
        name: its name.
        timeout: seconds that it may take; None for `ready_deadline`.

    Raises:
        Unready: the deadline passed, or earlier when its pods will not come up by waiting.
        NotFound: there is no such workload.
    """
    collection, limit = workload.collection(cluster), timeout or ready_deadline()
    selector = collection.get(name)["spec"]["selector"]["matchLabels"]
    what = f"{workload.kind} {name}"
    eye = ImpatientEye(cluster, what, selector)

    def check() -> Json | None:
        body = collection.get(name)
        if workload.done(body):
            return body
        eye.look(body)
        return None

    def late() -> Exception:
        body = collection.get(name)
        diagnosis = eye.diagnosis(body) or Diagnosis("Timeout", workload.progress(body))
        return Unready(what, diagnosis.reason, f"{diagnosis.detail}; waited {limit:g} s")

    return until(check, [(collection, None), (cluster.pods, selector)], limit, late)


def deployment_ready(cluster: Cluster, name: str, timeout: float | None = None) -> Json:
    """Wait until a Deployment is rolled out; see `ready`."""
    return ready(cluster, DEPLOYMENT, name, timeout)


def gone(collection: Collection, name: str, uid: str, timeout: float = GONE_DEADLINE) -> None:
    """Wait until an object that was deleted is gone, its dependents included if it waits for them.

    Raises:
        ClusterError: it stayed beyond the deadline.
    """

    def check() -> bool | None:
        found = collection.find(name)
        return True if found is None or found["metadata"]["uid"] != uid else None

    def late() -> Exception:
        return ClusterError(f"{collection.plural} {name} is still there, {timeout:g} s after it was deleted")

    until(check, [(collection, None)], timeout, late)
