"""Proxy: requests to a pod or to a Service's endpoints through the API server, for clients that reach nothing else."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

from embedded.apiserver import errors
from embedded.apiserver.context import Call
from embedded.apiserver.resources import ENDPOINT_SLICES, PODS, SERVICES

Object = dict[str, Any]
CLIENT = web.AppKey("proxy_client", aiohttp.ClientSession)

# Says where a pod's container port really listens, where all pods share one address.
PORTS_ANNOTATION = "embedded.proving-ground/ports"
_SERVICE_LABEL = "kubernetes.io/service-name"
# Of one connection only, or made anew on the way; a client's credentials are for the API server, not for the pod.
_NOT_FORWARDED = {"connection", "keep-alive", "transfer-encoding", "upgrade", "host", "content-length", "authorization"}


@dataclass(frozen=True)
class _Target:
    scheme: str
    address: str
    port: int


async def proxy(call: Call) -> web.StreamResponse:
    """Answer any method on ``proxy`` of a pod or a Service with the answer from there.

    Raises:
        ApiError: 404 without the object, 503 when nothing is ready there or it does not answer.
    """
    target = _pod_target(call) if call.resource == PODS else _service_target(call)
    request = call.request
    url = f"{target.scheme}://{target.address}:{target.port}/{_raw_tail(request)}"
    # The body arrives here unpacked.
    dropped = {*_NOT_FORWARDED, "content-encoding"}
    headers = {key: value for key, value in request.headers.items() if key.lower() not in dropped}
    client = request.app[CLIENT]
    try:
        async with client.request(
            request.method,
            URL(url, encoded=True),
            headers=headers,
            data=await request.read() or None,
            allow_redirects=False,
        ) as found:
            return await _relay(request, found)
    except aiohttp.ClientConnectionError as error:
        why = f"error trying to reach service: {error}"
        raise errors.ApiError(503, "ServiceUnavailable", why) from error


async def _relay(request: web.Request, found: aiohttp.ClientResponse) -> web.StreamResponse:
    kept = {key: value for key, value in found.headers.items() if key.lower() not in _NOT_FORWARDED}
    kept.pop("Content-Encoding", None)
    response = web.StreamResponse(status=found.status, headers=kept)
    await response.prepare(request)
    async for block in found.content.iter_any():
        await response.write(block)
    await response.write_eof()
    return response


def _raw_tail(request: web.Request) -> str:
    path, _, query = request.raw_path.partition("?")
    # /api/v1/namespaces/<namespace>/<plural>/<name>/proxy/<tail>
    tail = "".join(path.split("/", 8)[8:])
    return tail + (f"?{query}" if query else "")


def _parts(name: str) -> tuple[str, str, str]:
    """Take ``[scheme:]name[:port]`` apart."""
    parts = name.split(":")
    if len(parts) == 3:
        return parts[0] or "http", parts[1], parts[2]
    return "http", parts[0], parts[1] if len(parts) == 2 else ""


def _pod_target(call: Call) -> _Target:
    scheme, name, port = _parts(call.address.name)
    pod = call.store.get(PODS, call.namespace, name)
    address = pod.get("status", {}).get("podIP")
    if not address:
        raise errors.ApiError(503, "ServiceUnavailable", f'pod "{name}" has no address yet')
    ports = [entry for container in pod["spec"]["containers"] for entry in container.get("ports") or ()]
    number = next((entry["containerPort"] for entry in ports if port in ("", entry.get("name"))), port or 80)
    real = json.loads(pod["metadata"].get("annotations", {}).get(PORTS_ANNOTATION) or "{}")
    return _Target(scheme, address, int(real.get(str(number), number)))


def _service_target(call: Call) -> _Target:
    scheme, name, port = _parts(call.address.name)
    service = call.store.get(SERVICES, call.namespace, name)
    ports = service["spec"].get("ports") or []
    found = [entry for entry in ports if port in ("", entry.get("name"), str(entry["port"]))]
    if not found:
        raise errors.ApiError(503, "ServiceUnavailable", f'no service port "{port}" found for service "{name}"')
    targets = list(_endpoints(call, name, found[0], scheme))
    if not targets:
        raise errors.ApiError(503, "ServiceUnavailable", f'no endpoints available for service "{name}"')
    return random.choice(targets)  # noqa: S311 - a balance, not a secret


def _endpoints(call: Call, service: str, port: Object, scheme: str) -> Iterator[_Target]:
    for found in call.store.peek(ENDPOINT_SLICES, call.namespace):
        if (found["metadata"].get("labels") or {}).get(_SERVICE_LABEL) != service:
            continue
        numbers = [entry["port"] for entry in found.get("ports") or () if entry.get("name", "") == port.get("name", "")]
        for endpoint in found.get("endpoints") or ():
            if numbers and (endpoint.get("conditions") or {}).get("ready", True) is not False:
                yield _Target(scheme, endpoint["addresses"][0], int(numbers[0]))
