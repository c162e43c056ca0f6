"""What a Job's status says and what follows from it: how the Job ends, and how many pods it needs until then."""

from __future__ import annotations

from typing import Any

from embedded.controllers import pods as pod_status
from embedded.controllers.conditions import find_condition, set_condition
from embedded.controllers.job_pods import restarts
from embedded.controllers.job_policy import forbidden_to_retry
from embedded.controllers.timestamps import seconds, stamp

Object = dict[str, Any]
# The condition that is decided -> the one that follows when the last pod has gone.
FINAL = {"SuccessCriteriaMet": "Complete", "FailureTarget": "Failed"}
_ENOUGH = ("SuccessCriteriaMet", "CompletionsReached", "Reached expected number of succeeded pods")
_TOO_MANY = ("FailureTarget", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
_TOO_LATE = ("FailureTarget", "DeadlineExceeded", "Job was active longer than specified deadline")


def verdict_on(job: Object, pods: list[Object], now: float) -> tuple[str, str, str] | None:
    """Return condition, reason and message of how a Job will end; None while that is open, or decided already."""
    if decided(job):
        return None
    if said := forbidden_to_retry(job, pods):
        return "FailureTarget", "PodFailurePolicy", said
    if _has_failed_too_often(job, pods):
        return _TOO_MANY
    left = seconds_left(job, now)
    if left is not None and left <= 0:
        return _TOO_LATE
    return _ENOUGH if _has_succeeded(job, pods) else None


def _has_failed_too_often(job: Object, pods: list[Object]) -> bool:
    limit = job["spec"]["backoffLimit"]
    in_place = job["spec"]["template"]["spec"]["restartPolicy"] == "OnFailure"
    return bool(_count(job, "failed") > limit or (in_place and restarts(pods) >= max(limit, 1)))


def _has_succeeded(job: Object, pods: list[Object]) -> bool:
    if job["spec"].get("completions") is not None:
        return bool(_count(job, "succeeded") >= job["spec"]["completions"])
    return _count(job, "succeeded") > 0 and not any(pod_status.is_active(pod) for pod in pods)


def _count(job: Object, kind: str) -> int:
    return int(job.get("status", {}).get(kind, 0))


def decided(job: Object) -> str | None:
    """Return the condition that says how the Job will end, None while that is open."""
    return next((kind for kind in FINAL if is_true(job, kind)), None)


def end_of(job: Object) -> Object | None:
    """Return the condition that says how the Job ended, None if it has not."""
    return next((find_condition(job["status"], kind) for kind in FINAL.values() if is_true(job, kind)), None)


def is_true(job: Object, kind: str) -> bool:
    """Tell whether a condition of the Job is true."""
    condition = find_condition(job.get("status", {}), kind)
    return condition is not None and condition["status"] == "True"


def wanted(job: Object, active: int) -> int:
    """Return how many pods shall be at work, where so many are."""
    spec = job["spec"]
    if spec.get("suspend"):
        return 0
    if spec.get("completions") is None:
        # Pods share one queue of work: when one has found it empty no other is begun.
        return min(active, spec["parallelism"]) if _count(job, "succeeded") else int(spec["parallelism"])
    return int(max(min(spec["completions"] - _count(job, "succeeded"), spec["parallelism"]), 0))


def seconds_left(job: Object, now: float) -> float | None:
    """Return the time until the Job's deadline; None if it has none, or nothing hangs on it now."""
    deadline, began = job["spec"].get("activeDeadlineSeconds"), job.get("status", {}).get("startTime")
    if deadline is None or began is None or job["spec"].get("suspend") or decided(job):
        return None
    return float(seconds(began) + deadline - now)


def begin(status: Object, *, suspend: bool, now: float) -> None:
    """Write down since when the Job is at work, or that it is suspended."""
    suspended = is_true({"status": status}, "Suspended")
    if suspend and not suspended:
        set_condition(status, "Suspended", "True", "JobSuspended", "Job suspended", now=now)
    elif suspended and not suspend:
        set_condition(status, "Suspended", "False", "JobResumed", "Job resumed", now=now)
        status["startTime"] = stamp(now)
    elif not suspend:
        status.setdefault("startTime", stamp(now))


def count_pods(status: Object, pods: list[Object]) -> None:
    """Write down how many pods are at work and how many are leaving."""
    active = [pod for pod in pods if pod_status.is_active(pod)]
    put_number(status, "active", len(active))
    status["ready"] = sum(pod_status.is_ready(pod) for pod in active)
    status["terminating"] = sum(pod_status.is_terminating(pod) and not pod_status.has_ended(pod) for pod in pods)
    status.setdefault("uncountedTerminatedPods", {})


def put_number(status: Object, field: str, count: int) -> None:
    """Write a count as Kubernetes does, which leaves out what is zero."""
    status.pop(field, None)
    if count:
        status[field] = count


def finish(status: Object, how: str, now: float) -> None:
    """Write the condition that ends the Job, for the reason that was decided."""
    why = find_condition(status, how) or {}
    set_condition(status, FINAL[how], "True", why["reason"], why["message"], now=now)
    if how == "SuccessCriteriaMet":
        status["completionTime"] = stamp(now)
