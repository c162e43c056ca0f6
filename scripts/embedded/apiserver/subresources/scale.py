"""Scale: the number of replicas of anything that has one, as an object of its own."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from embedded.apiserver import apply, decoding, definitions, errors, patches, representation, requests
from embedded.apiserver.context import Call
from embedded.apiserver.shapes import UNKNOWN
from embedded.apiserver.tables import columns

Object = dict[str, Any]
_BUILT_IN_PATHS = {
    "specReplicasPath": ".spec.replicas",
    "statusReplicasPath": ".status.replicas",
}


async def scale(call: Call) -> web.Response:
    """Answer GET, PUT and PATCH on ``scale``.

    Raises:
        ApiError: 404; 409 for an old resource version; 422 for a number that cannot be.
    """
    owner = call.store.get(call.resource, call.namespace, call.address.name)
    paths = _paths(call)
    shown = _scale_of(owner, paths)
    method = call.request.method
    if method == "GET":
        return representation.answer(shown)
    body = await requests.read_body(call.request)
    wanted = decoding.options(
        decoding.SCALE, body if method == "PUT" else _patched(shown, body, call.request.content_type)
    )
    new = call.store.get(call.resource, call.namespace, call.address.name)
    _put(new, paths["specReplicasPath"], _replicas(wanted))
    version = wanted.get("metadata", {}).get("resourceVersion")
    if version:
        new["metadata"]["resourceVersion"] = version
    manager = apply.Manager(requests.field_manager(call.request), "Update", "scale")
    apply.track(call.resource, owner, new, manager)
    if requests.dry_run(call.request.query):
        with call.store.rehearsal():
            return representation.answer(_scale_of(call.store.update(call.resource, new), paths))
    return representation.answer(_scale_of(call.store.update(call.resource, new), paths))


def _paths(call: Call) -> dict[str, str]:
    version = definitions.find(call.store, call.resource)
    return dict(version["subresources"]["scale"]) if version else _BUILT_IN_PATHS


def _scale_of(owner: Object, paths: dict[str, str]) -> Object:
    meta = owner["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    status: Object = {"replicas": _number(owner, paths["statusReplicasPath"])}
    selector = columns.at(owner, paths.get("labelSelectorPath", ".spec.selector").lstrip("."))
    if selector:
        status["selector"] = selector if isinstance(selector, str) else columns.selector(selector)
    # As in Kubernetes, a number of 0 is left out.
    replicas = _number(owner, paths["specReplicasPath"])
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: meta[key] for key in kept if key in meta},
        "spec": {"replicas": replicas} if replicas else {},
        "status": status,
    }


def _number(owner: Object, path: str) -> int:
    # A custom kind without a schema may have anything there.
    found = columns.at(owner, path.lstrip("."), 0)
    return found if isinstance(found, int) else 0


def _patched(shown: Object, body: Any, kind: str) -> Any:
    if kind == patches.JSON_PATCH:
        return patches.json_patch(shown, body)
    if kind == patches.STRATEGIC_MERGE_PATCH:
        return patches.strategic_merge_patch(shown, body, UNKNOWN)
    return patches.merge_patch(shown, body)


def _replicas(body: Object) -> int:
    replicas = int(body.get("spec", {}).get("replicas", 0))
    if replicas < 0:
        problem = f"Invalid value: {replicas}: must be greater than or equal to 0"
        raise errors.invalid("Scale.autoscaling", "", [("spec.replicas", problem)])
    return replicas


def _put(body: Object, path: str, value: int) -> None:
    *steps, last = path.lstrip(".").split(".")
    for step in steps:
        below = body.setdefault(step, {})
        if not isinstance(below, dict):
            raise errors.bad_request(f"{path} cannot be written: {step} is no object")
        body = below
    body[last] = value
