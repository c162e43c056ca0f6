"""A Job's podFailurePolicy: exit codes after which no other pod is tried."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from embedded.controllers import pods as pod_status

Object = dict[str, Any]


def forbidden_to_retry(job: Object, pods: Iterable[Object]) -> str:
    """Return why no other pod may be tried, in Kubernetes' words; empty while one may."""
    rules = (job["spec"].get("podFailurePolicy") or {}).get("rules") or ()
    for pod in pods:
        for name, code in _exits(pod):
            if said := _verdict(rules, pod, name, code):
                return said
    return ""


def _exits(pod: Object) -> Iterator[tuple[str, int]]:
    """Yield name and exit code of the containers of a pod that has failed."""
    if pod_status.phase(pod) != "Failed":
        return
    status = pod["status"]
    for entry in [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]:
        code = ((entry.get("state") or {}).get("terminated") or {}).get("exitCode", 0)
        if code:
            yield entry["name"], code


def _verdict(rules: Iterable[Object], pod: Object, container: str, code: int) -> str:
    """Apply the first rule that matches; `Count` counts the failure as if there were no rule."""
    for index, rule in enumerate(rules):
        if not _matches(rule["onExitCodes"], container, code):
            continue
        if rule["action"] != "FailJob":
            return ""
        name = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
        return (
            f"Container {container} for pod {name} failed with exit code {code} matching FailJob rule at index {index}"
        )
    return ""


def _matches(condition: Object, container: str, code: int) -> bool:
    if condition.get("containerName") not in (None, container):
        return False
    return bool((code in condition["values"]) == (condition["operator"] == "In"))
