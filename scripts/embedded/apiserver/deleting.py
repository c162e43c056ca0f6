"""Delete: one object, or all that a selector chooses."""

from __future__ import annotations

import contextlib
from typing import Any

from aiohttp import web

from embedded.apiserver import decoding, definitions, errors, reading, representation, requests
from embedded.apiserver.context import Call
from embedded.apiserver.resources import (
    CUSTOM_RESOURCE_DEFINITIONS,
    JOBS,
    NAMESPACES,
    PERSISTENT_VOLUME_CLAIMS,
    PODS,
    SERVICE_ACCOUNTS,
    SERVICES,
)
from embedded.apiserver.selection import selection

Object = dict[str, Any]
# Kubernetes answers with the object for these, and with a Status for the others.
_ANSWERED_WITH_OBJECT = (PODS, SERVICES, SERVICE_ACCOUNTS, PERSISTENT_VOLUME_CLAIMS)
_PROTECTED_NAMESPACES = ("default", "kube-system", "kube-public")
_POLICIES = ("Background", "Foreground", "Orphan")


async def delete(call: Call) -> web.Response:
    """Answer DELETE on an object.

    Raises:
        ApiError: 404, 409 for a precondition that does not hold, 403 for a namespace that the cluster needs.
    """
    options = decoding.options(decoding.DELETE_OPTIONS, await requests.read_body(call.request))
    name = call.address.name
    old = call.store.get(call.resource, call.namespace, name)
    new = _delete(call, old, options)
    remains = call.store.find(call.resource, call.namespace, name)
    if call.resource in _ANSWERED_WITH_OBJECT or (remains and remains["metadata"]["uid"] == old["metadata"]["uid"]):
        return representation.answer(new)
    return representation.answer(_success(call, old))


async def delete_collection(call: Call) -> web.Response:
    """Answer DELETE on a collection."""
    options = decoding.options(decoding.DELETE_OPTIONS, await requests.read_body(call.request))
    items = list(reading.chosen_items(call, selection(call.resource, call.request.query)))
    deleted = [_delete(call, item, {**options, "preconditions": None}) for item in items]
    form = representation.Form()
    return representation.answer(form.items(call.resource, deleted, {"resourceVersion": call.store.revision}))


def _delete(call: Call, old: Object, options: Object) -> Object:
    meta, query = old["metadata"], call.request.query
    if call.resource == NAMESPACES and meta["name"] in _PROTECTED_NAMESPACES:
        raise errors.forbidden("namespaces", meta["name"], "this namespace may not be deleted")
    preconditions = options.get("preconditions") or {}
    rehearsal = requests.dry_run(query, options)
    with call.store.rehearsal() if rehearsal else contextlib.nullcontext():
        if call.resource == CUSTOM_RESOURCE_DEFINITIONS and not rehearsal:
            definitions.withdraw(call.store, call.context.registry, old)
        return call.store.delete(
            call.resource,
            meta.get("namespace", ""),
            meta["name"],
            grace=_grace(call, options),
            propagation=_propagation(call, options),
            uid=preconditions.get("uid"),
            resource_version=preconditions.get("resourceVersion"),
        )


def _grace(call: Call, options: Object) -> int | None:
    given = options.get("gracePeriodSeconds")
    if given is None:
        given = requests.integer(call.request.query, "gracePeriodSeconds")
    return None if given is None else max(given, 0)


def _propagation(call: Call, options: Object) -> str:
    query = call.request.query
    policy = options.get("propagationPolicy") or query.get("propagationPolicy")
    if policy is None:
        orphan = options.get("orphanDependents") or requests.truthy(query, "orphanDependents")
        # As in Kubernetes: the pods of a Job stay unless the client says otherwise, as kubectl does.
        return "Orphan" if orphan or call.resource == JOBS else "Background"
    if policy not in _POLICIES:
        listed = ", ".join(f'"{known}"' for known in _POLICIES)
        problem = f'Unsupported value: "{policy}": supported values: {listed}'
        raise errors.invalid("DeleteOptions.meta.k8s.io", "", [("propagationPolicy", problem)])
    return str(policy)


def _success(call: Call, old: Object) -> Object:
    details = {"name": old["metadata"]["name"], "kind": call.resource.plural, "uid": old["metadata"]["uid"]}
    if call.resource.group:
        details["group"] = call.resource.group
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
