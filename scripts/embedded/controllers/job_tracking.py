"""Counting the pods of Jobs that have ended: each once, whenever it is deleted and whenever the cluster is stopped.

A pod keeps a finalizer until its Job has counted it. First the Job's status says which pods are being counted, then
they lose the finalizer, then the numbers grow; what an interruption leaves is finished by the next look.
"""

from __future__ import annotations

from typing import Any

from embedded.apiserver.resources import JOBS, PODS
from embedded.apiserver.store import Store
from embedded.controllers.job_pods import TRACKING, is_tracked, outcome
from embedded.controllers.job_status import put_number
from embedded.controllers.ownership import controller_of, owned

Object = dict[str, Any]


def count(store: Store, job: Object) -> Object:
    """Add the pods that have ended to the Job's counts; return the Job as it is then."""
    known = job.get("status", {}).get("uncountedTerminatedPods", {})
    waiting = {kind: set(known.get(kind, ())) for kind in ("succeeded", "failed")}
    ended = [pod for pod in owned(store, PODS, job) if is_tracked(pod) and outcome(pod)]
    for pod in ended:
        if not any(pod["metadata"]["uid"] in uids for uids in waiting.values()):
            waiting[outcome(pod)].add(pod["metadata"]["uid"])
    if not any(waiting.values()):
        return job
    listed = {kind: sorted(uids) for kind, uids in waiting.items() if uids}
    write(store, job, lambda status: status.update(uncountedTerminatedPods=listed))
    for pod in ended:
        release(store, pod)
    return write(store, job, lambda status: _add(status, waiting))


def _add(status: Object, ended: dict[str, set[str]]) -> None:
    status["uncountedTerminatedPods"] = {}
    for kind, uids in ended.items():
        put_number(status, kind, status.get(kind, 0) + len(uids))


def release(store: Store, pod: Object) -> None:
    """Take the finalizer from a pod."""

    def change(body: Object) -> None:
        body["metadata"]["finalizers"].remove(TRACKING)
        if not body["metadata"]["finalizers"]:
            del body["metadata"]["finalizers"]

    store.mutate(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"], change)


def release_orphans(store: Store, namespace: str) -> None:
    """Take the finalizer from pods that were set free, and from those whose Job is gone."""
    jobs = {job["metadata"]["uid"] for job in store.peek(JOBS, namespace)}
    for pod in list(store.peek(PODS, namespace)):
        if is_tracked(pod) and (job_reference(pod) or {}).get("uid") not in jobs:
            release(store, pod)


def job_reference(pod: Object) -> Object | None:
    """Return the reference of a pod to its Job, None if no Job controls it."""
    reference = controller_of(pod)
    kind = (JOBS.api_version, JOBS.kind)
    return reference if reference and (reference["apiVersion"], reference["kind"]) == kind else None


def write(store: Store, job: Object, change: Any) -> Object:
    """Let `change` alter the status of a Job; return the Job as it is then."""
    meta = job["metadata"]
    return store.mutate(
        JOBS, meta["namespace"], meta["name"], lambda body: change(body.setdefault("status", {})), "status"
    )
