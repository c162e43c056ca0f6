"""Routing: which handler answers which address of the API, and what is said where there is none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from embedded.apiserver import (
    autoscaling_v1,
    deleting,
    discovery,
    errors,
    gaps,
    reading,
    representation,
    requests,
    reviews,
    watching,
    writing,
)
from embedded.apiserver.context import CONTEXT, Call
from embedded.apiserver.requests import Address
from embedded.apiserver.resources import ResourceRegistry
from embedded.apiserver.subresources import binding, eviction, logs, proxy, scale

_AGGREGATED = "APIGroupDiscoveryList"


def no_such_address() -> errors.ApiError:
    """Return the refusal of an address that means nothing here."""
    return errors.ApiError(404, "NotFound", "the server could not find the requested resource")


async def dispatch(request: web.Request) -> web.StreamResponse:
    """Answer a request about kinds and objects.

    Raises:
        ApiError: whatever there is to refuse.
    """
    parts = request.path.strip("/").split("/")
    address = requests.parse(request.path)
    if address is None or not address.plural:
        return _discover(request, parts)
    context = request.app[CONTEXT]
    review = reviews.REVIEWS.get((address.group, address.plural))
    if review and request.method == "POST":
        return await reviews.review(request, address.group, review)
    resource = context.registry.find(address.group, address.plural)
    old_form = request.method == "POST" and autoscaling_v1.is_address(address.group, address.version, address.plural)
    if resource is None or (resource.version != address.version and not old_form):
        return _absent(request, address)
    return await _handle(Call(request, context, address, resource))


def _discover(request: web.Request, parts: list[str]) -> web.Response:
    registry = request.app[CONTEXT].registry
    wanted, options = representation.accepted(request)
    if parts in (["api"], ["apis"]) and wanted == _AGGREGATED:
        version = options.get("v", "v2")
        response = representation.answer(discovery.aggregated(registry, core=parts == ["api"], version_name=version))
        response.headers["Content-Type"] = f"application/json;g=apidiscovery.k8s.io;v={version};as={_AGGREGATED}"
        return response
    found = _discovered(registry, parts)
    if found is None:
        raise no_such_address()
    return representation.answer(found)


def _discovered(registry: ResourceRegistry, parts: list[str]) -> dict[str, object] | None:
    if parts == [""]:
        return {"paths": ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz"]}
    if parts == ["api"]:
        return discovery.core_versions()
    if parts == ["apis"]:
        return discovery.groups(registry)
    if parts[0] == "api" and len(parts) == 2:
        return discovery.resources(registry, "", parts[1])
    if parts[0] == "apis" and len(parts) == 2:
        return discovery.group(registry, parts[1])
    if parts[0] == "apis" and len(parts) == 3:
        return discovery.resources(registry, parts[1], parts[2])
    return None


def _absent(request: web.Request, address: Address) -> web.Response:
    empty = gaps.EMPTY.get((address.group, address.plural))
    if empty and request.method == "GET" and not address.name:
        meta = {"resourceVersion": request.app[CONTEXT].store.revision}
        return representation.answer({"kind": f"{empty}List", "apiVersion": "v1", "metadata": meta, "items": []})
    gap = gaps.kind_gap(address.group, address.plural)
    if gap:
        raise errors.not_implemented(gap)
    raise no_such_address()


async def _handle(call: Call) -> web.StreamResponse:
    if call.address.subresource:
        return await _subresource(call)
    if not call.address.name:
        return await _collection(call)
    method = call.request.method
    if method == "GET":
        watch = requests.truthy(call.request.query, "watch")
        return await watching.watch(call) if watch else reading.get(call)
    if method == "PUT":
        return await writing.Write(call).replace()
    if method == "PATCH":
        return await writing.Write(call).patch()
    if method == "DELETE":
        return await deleting.delete(call)
    raise _method_not_allowed()


async def _collection(call: Call) -> web.StreamResponse:
    method = call.request.method
    if method == "GET":
        watch = requests.truthy(call.request.query, "watch")
        return await watching.watch(call) if watch else reading.list_all(call)
    namespaced = call.resource.namespaced and call.address.namespace is None
    if method == "POST" and not namespaced:
        return await writing.Write(call).create()
    if method == "DELETE" and not namespaced:
        return await deleting.delete_collection(call)
    raise _method_not_allowed()


def _method_not_allowed() -> errors.ApiError:
    return errors.ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")


async def _subresource(call: Call) -> web.StreamResponse:
    name, method = call.address.subresource, call.request.method
    gap = gaps.subresource_gap(call.resource.plural, name) if not call.resource.group else None
    if gap:
        raise errors.not_implemented(gap)
    if name not in discovery.subresources_of(call.resource):
        raise no_such_address()
    if name == "proxy":
        return await proxy.proxy(call)
    handler = _SUBRESOURCES.get((name, method))
    if handler is None:
        raise _method_not_allowed()
    return await handler(call)


async def _get(call: Call) -> web.StreamResponse:
    return reading.get(call)


async def _replace(call: Call) -> web.StreamResponse:
    return await writing.Write(call).replace()


async def _patch(call: Call) -> web.StreamResponse:
    return await writing.Write(call).patch()


_SUBRESOURCES: dict[tuple[str, str], Callable[[Call], Awaitable[web.StreamResponse]]] = {
    ("status", "GET"): _get,
    ("status", "PUT"): _replace,
    ("status", "PATCH"): _patch,
    ("finalize", "PUT"): _replace,
    ("scale", "GET"): scale.scale,
    ("scale", "PUT"): scale.scale,
    ("scale", "PATCH"): scale.scale,
    ("log", "GET"): logs.log,
    ("eviction", "POST"): eviction.evict,
    ("binding", "POST"): binding.bind,
}
