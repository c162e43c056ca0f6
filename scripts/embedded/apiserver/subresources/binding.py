"""Binding: a scheduler's word on which node runs a pod."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from embedded.apiserver import errors, representation, requests
from embedded.apiserver.context import Call
from embedded.apiserver.resources import PODS


async def bind(call: Call) -> web.Response:
    """Answer POST on a pod's ``binding``.

    Raises:
        ApiError: 404 without the pod, 409 when it has a node already, 400 without a target.
    """
    body = await requests.read_body(call.request) or {}
    node = (body.get("target") or {}).get("name")
    if not node:
        raise errors.bad_request("Binding: target.name: Required value")

    def assign(pod: dict[str, Any]) -> None:
        bound = pod["spec"].get("nodeName")
        if bound:
            raise errors.conflict("pods/binding", call.address.name, f'pod is already assigned to node "{bound}"')
        pod["spec"]["nodeName"] = node

    call.store.mutate(PODS, call.namespace, call.address.name, assign)
    return representation.answer({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}, 201)
