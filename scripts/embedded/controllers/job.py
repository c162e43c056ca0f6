"""The Job controller: runs pods until enough of them have succeeded, or too many have failed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from embedded.apiserver.errors import ApiError
from embedded.apiserver.resources import JOBS, PODS
from embedded.apiserver.watch import Event
from embedded.controllers import job_status, job_tracking
from embedded.controllers import pods as pod_status
from embedded.controllers.conditions import set_condition
from embedded.controllers.job_pods import is_tracked, seconds_to_retry, tracked_pod
from embedded.controllers.ownership import owned
from embedded.controllers.replicaset import RETRY_S, deletion_rank
from embedded.controllers.runtime import Controller, Key
from embedded.controllers.timestamps import seconds

Object = dict[str, Any]


class JobController(Controller):
    """Creates pods, counts how they end, and says how the Job ended."""

    name = "job-controller"
    watched = (JOBS, PODS)

    def keys(self) -> Iterator[Key]:
        """Yield every Job, and one that need not exist for all pods that wait to be counted."""
        for item in self.store.peek(JOBS):
            yield item["metadata"]["namespace"], item["metadata"]["name"]
        for pod in self.store.peek(PODS):
            if is_tracked(pod):
                yield pod["metadata"]["namespace"], ""

    def affected(self, event: Event) -> Iterator[Key]:
        """Yield the Job itself, or that which a pod belongs or belonged to."""
        if event.resource == JOBS:
            yield event.body["metadata"]["namespace"], event.body["metadata"]["name"]
        else:
            for pod in filter(None, (event.old, event.body)):
                yield from _job_of(pod)

    def reconcile(self, namespace: str, name: str) -> float | None:
        """Bring a Job nearer to its end, and let go of pods whose Job is gone."""
        job_tracking.release_orphans(self.store, namespace)
        job = self.store.find(JOBS, namespace, name)
        if job is None:
            return None
        if end := job_status.end_of(job):
            return self._clean(job, end)
        job = self._decide(job_tracking.count(self.store, job))
        pause = self._scale(job)
        return self._close(job, pause)

    def _decide(self, job: Object) -> Object:
        """Write down whether the Job is at work, and how it will end as soon as that is certain."""
        now, suspend = self.clock(), bool(job["spec"].get("suspend"))
        verdict = job_status.verdict_on(job, self._pods(job), now)

        def change(status: Object) -> None:
            job_status.begin(status, suspend=suspend, now=now)
            if verdict:
                set_condition(status, verdict[0], "True", *verdict[1:], now=now)

        if suspend != job_status.is_true(job, "Suspended"):
            said = ("Suspended", "Job suspended") if suspend else ("Resumed", "Job resumed")
            self.events.normal(job, *said)
        return job_tracking.write(self.store, job, change)

    def _scale(self, job: Object) -> float | None:
        """Make the number of pods right; return in how many seconds to look again."""
        active = [pod for pod in self._pods(job) if pod_status.is_active(pod)]
        if job_status.decided(job):
            for pod in active:
                self._delete(job, pod)
            return None
        if job["metadata"].get("deletionTimestamp"):
            return None
        missing = job_status.wanted(job, len(active)) - len(active)
        for pod in sorted(active, key=deletion_rank)[: max(-missing, 0)]:
            # One that is not needed counts neither as succeeded nor as failed.
            job_tracking.release(self.store, pod)
            self._delete(job, pod)
        pause = seconds_to_retry(self._pods(job), self.clock()) if missing > 0 else 0
        return pause or self._create(job, missing)

    def _create(self, job: Object, count: int) -> float | None:
        try:
            for _ in range(count):
                pod = self.store.create(PODS, tracked_pod(job))
                self.events.normal(job, "SuccessfulCreate", f"Created pod: {pod['metadata']['name']}")
        except ApiError as error:
            self.events.warning(job, "FailedCreate", f"Error creating: {error.message}")
            return RETRY_S
        return None

    def _delete(self, job: Object, pod: Object) -> None:
        meta = pod["metadata"]
        self.store.delete(PODS, meta["namespace"], meta["name"], uid=meta["uid"])
        self.events.normal(job, "SuccessfulDelete", f"Deleted pod: {meta['name']}")

    def _close(self, job: Object, pause: float | None) -> float | None:
        """Write the numbers of pods, and the Job's end when none is left; return in how many seconds to look again."""
        pods, now, how = self._pods(job), self.clock(), job_status.decided(job)
        ended = how is not None and all(pod_status.has_ended(pod) and not is_tracked(pod) for pod in pods)

        def change(status: Object) -> None:
            job_status.count_pods(status, pods)
            if ended and how:
                job_status.finish(status, how, now)

        job = job_tracking.write(self.store, job, change)
        if end := job_status.end_of(job):
            self._tell(job, end)
        waits = [wait for wait in (pause, job_status.seconds_left(job, now)) if wait is not None]
        return min(waits, default=None)

    def _tell(self, job: Object, end: Object) -> None:
        if end["type"] == "Complete":
            self.events.normal(job, "Completed", "Job completed")
        else:
            self.events.warning(job, end["reason"], end["message"])

    def _clean(self, job: Object, end: Object) -> float | None:
        """Delete a Job that ended long enough ago; return in how many seconds that will be."""
        lifetime = job["spec"].get("ttlSecondsAfterFinished")
        if lifetime is None or job["metadata"].get("deletionTimestamp"):
            return None
        left = float(seconds(end["lastTransitionTime"]) + lifetime - self.clock())
        if left > 0:
            return left
        meta = job["metadata"]
        self.store.delete(JOBS, meta["namespace"], meta["name"], propagation="Foreground", uid=meta["uid"])
        return None

    def _pods(self, job: Object) -> list[Object]:
        return list(owned(self.store, PODS, job))


def _job_of(pod: Object) -> Iterator[Key]:
    if reference := job_tracking.job_reference(pod):
        yield pod["metadata"]["namespace"], reference["name"]
