"""Eviction: a deletion of a pod that asks the disruption budgets first."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from embedded.apiserver import decoding, errors, representation, requests, selectors
from embedded.apiserver.context import Call
from embedded.apiserver.resources import POD_DISRUPTION_BUDGETS, PODS

Object = dict[str, Any]


async def evict(call: Call) -> web.Response:
    """Answer POST on a pod's ``eviction``.

    Raises:
        ApiError: 429 when a budget allows no further disruption, 404 without the pod.
    """
    body = decoding.options(decoding.EVICTION, await requests.read_body(call.request))
    options = body.get("deleteOptions") or {}
    pod = call.store.get(PODS, call.namespace, call.address.name)
    if requests.dry_run(call.request.query, options):
        return _done()
    for budget in call.store.list(POD_DISRUPTION_BUDGETS, call.namespace):
        if selectors.matches(budget.get("spec", {}).get("selector"), pod["metadata"].get("labels")):
            _check(call, budget, pod)
    call.store.delete(PODS, call.namespace, call.address.name, grace=options.get("gracePeriodSeconds"))
    return _done()


def _check(call: Call, budget: Object, pod: Object) -> None:
    # A pod that is not ready does not count as available: taking it away disturbs nobody.
    if not _is_ready(pod):
        return
    selector = budget["spec"]["selector"]
    pods = [
        other
        for other in call.store.peek(PODS, call.namespace)
        if selectors.matches(selector, other["metadata"].get("labels"))
    ]
    healthy = sum(1 for other in pods if _is_ready(other) and not other["metadata"].get("deletionTimestamp"))
    if healthy - 1 < _needed(budget["spec"], len(pods)):
        name = budget["metadata"]["name"]
        why = "Cannot evict pod as it would violate the pod's disruption budget."
        message = f"The disruption budget {name} needs {_needed(budget['spec'], len(pods))} healthy pods and has"
        cause = {"reason": "DisruptionBudget", "message": f"{message} {healthy} currently"}
        raise errors.ApiError(429, "TooManyRequests", why, {"causes": [cause]})


def _needed(spec: Object, total: int) -> int:
    if "minAvailable" in spec:
        return _count(spec["minAvailable"], total)
    return total - _count(spec.get("maxUnavailable", 1), total)


def _count(value: Any, total: int) -> int:
    # Both percentages are rounded up, as in Kubernetes.
    return -(-int(value.rstrip("%")) * total // 100) if isinstance(value, str) else int(value)


def _is_ready(pod: Object) -> bool:
    conditions = pod.get("status", {}).get("conditions", ())
    return any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)


def _done() -> web.Response:
    return representation.answer({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}, 201)
