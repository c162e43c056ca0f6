"""Defaults and rules of Jobs, whose selector the API server makes itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from embedded.apiserver import errors

Object = dict[str, Any]
Problem = tuple[str, str]
JOB_NAME, CONTROLLER_UID = "batch.kubernetes.io/job-name", "batch.kubernetes.io/controller-uid"
# What these were called before they got a prefix; Kubernetes still writes both.
_OLD_NAMES = {JOB_NAME: "job-name", CONTROLLER_UID: "controller-uid"}
# Fields whose effect is that pods are counted in another way, with the values that ask for nothing.
_NOT_IMPLEMENTED: dict[str, tuple[Any, ...]] = {
    "backoffLimitPerIndex": (None,),
    "completionMode": (None, "NonIndexed"),
    "managedBy": (None, "kubernetes.io/job-controller"),
    "manualSelector": (None, False),
    "maxFailedIndexes": (None,),
    "podReplacementPolicy": (None, "TerminatingOrFailed"),
    "successPolicy": (None,),
}


def fill(new: Object, old: Object | None) -> None:
    """Write the numbers that depend on one another, and into a new Job what ties its pods to it."""
    spec = new["spec"]
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)
    template = spec.get("template")
    if not isinstance(template, dict):
        return
    template["metadata"] = {**(template.get("metadata") or {})}
    labels = template["metadata"]["labels"] = {**(template["metadata"].get("labels") or {})}
    if labels and not new["metadata"].get("labels"):
        new["metadata"]["labels"] = dict(labels)
    if old is None:
        _tie(new, labels)


def _tie(job: Object, labels: dict[str, str]) -> None:
    for label, value in ((JOB_NAME, job["metadata"]["name"]), (CONTROLLER_UID, job["metadata"].get("uid", ""))):
        labels |= {label: value, _OLD_NAMES[label]: value}
    job["spec"]["selector"] = {"matchLabels": {CONTROLLER_UID: labels[CONTROLLER_UID]}}


def problems(body: Object) -> Iterator[Problem]:
    """Find what is wrong with a Job as a whole.

    Raises:
        ApiError: 501 for a field that would have the pods counted in another way.
    """
    spec = body["spec"]
    for field, nothing in _NOT_IMPLEMENTED.items():
        if spec.get(field) not in nothing:
            raise errors.not_implemented(f"spec.{field} of jobs.batch")
    yield from _policy(spec)
    restart = spec.get("template", {}).get("spec", {}).get("restartPolicy")
    if restart not in ("OnFailure", "Never") and "spec" in (spec.get("template") or {}):
        yield "spec.template.spec.restartPolicy", 'Required value: valid values: "OnFailure", "Never"'


def _policy(spec: Object) -> Iterator[Problem]:
    """Check the podFailurePolicy: of its rules those on exit codes, which end the Job or count as usual.

    Raises:
        ApiError: 501 for a rule of another sort.
    """
    rules = (spec.get("podFailurePolicy") or {}).get("rules") or ()
    for index, rule in enumerate(rules):
        place = f"spec.podFailurePolicy.rules[{index}]"
        if rule.get("action") not in ("FailJob", "Count") or "onExitCodes" not in rule:
            raise errors.not_implemented(f"{place} of jobs.batch (other than FailJob and Count on exit codes)")
        if rule["onExitCodes"].get("operator") not in ("In", "NotIn"):
            yield f"{place}.onExitCodes.operator", 'Required value: valid values: "In", "NotIn"'
        if not rule["onExitCodes"].get("values"):
            yield f"{place}.onExitCodes.values", "Invalid value: null: at least one value is required"
    if rules and spec.get("template", {}).get("spec", {}).get("restartPolicy") != "Never":
        yield "spec.template.spec.restartPolicy", 'Invalid value: only "Never" is supported with podFailurePolicy'
