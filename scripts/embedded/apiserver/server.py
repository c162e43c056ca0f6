"""The API server: who may come in, and the few addresses that are not about objects."""

from __future__ import annotations

import hmac
import logging
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from embedded.apiserver import discovery, errors, openapi, representation, routing
from embedded.apiserver.context import CONTEXT, Context, LogReader
from embedded.apiserver.resources import ResourceRegistry
from embedded.apiserver.store import Store
from embedded.apiserver.subresources import proxy

LOGGER = logging.getLogger(__name__)
_MAX_BODY = 3 * 1024 * 1024
_OPEN = ("/livez", "/readyz", "/healthz")


def create_app(store: Store, registry: ResourceRegistry, *, token: str, logs: LogReader) -> web.Application:
    """Return the API as an aiohttp application.

    Args:
        store: the objects; see `embedded.apiserver.admission.open_store`.
        registry: the kinds that are served.
        token: bearer token that lets a client in.
        logs: finds the output of containers.
    """
    app = web.Application(middlewares=[_refusals, _authentication(token)], client_max_size=_MAX_BODY)
    app[CONTEXT] = Context(store, registry, logs)
    app.cleanup_ctx.append(_proxy_client)
    for path in _OPEN:
        app.router.add_get(path, _healthy)
    for path in ("/version", "/version/"):
        app.router.add_get(path, _version)
    app.router.add_get("/openapi/v2", _openapi_v2)
    app.router.add_get("/openapi/v3", _openapi_index)
    app.router.add_get("/openapi/v3/{path:.+}", _openapi_document)
    app.router.add_route("*", "/{path:.*}", routing.dispatch)
    return app


async def _proxy_client(app: web.Application) -> AsyncIterator[None]:
    # Answers are passed on as they are, also compressed ones, however long they take.
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=5)
    async with aiohttp.ClientSession(auto_decompress=False, timeout=timeout) as client:
        app[proxy.CLIENT] = client
        yield


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except errors.ApiError as error:
        return representation.answer(error.status(), error.code)
    except web.HTTPRequestEntityTooLarge:
        refusal = errors.ApiError(413, "RequestEntityTooLarge", f"limit is {_MAX_BODY} bytes")
        return representation.answer(refusal.status(), refusal.code)
    except web.HTTPException:
        raise
    except Exception:
        LOGGER.exception("%s %s failed", request.method, request.path)
        refusal = errors.ApiError(500, "InternalError", "internal error: see the log of the embedded cluster")
        return representation.answer(refusal.status(), refusal.code)


def _authentication(token: str) -> Middleware:
    wanted = token.encode()

    @web.middleware
    async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        known = scheme.lower() == "bearer" and hmac.compare_digest(given.encode(), wanted)  # as HTTP has it
        if request.path in _OPEN or known:
            return await handler(request)
        raise errors.ApiError(401, "Unauthorized", "Unauthorized")

    return authenticate


async def _healthy(_request: web.Request) -> web.Response:
    return web.Response(text="ok")


async def _version(_request: web.Request) -> web.Response:
    return representation.answer(discovery.version())


async def _openapi_v2(request: web.Request) -> web.Response:
    representation.accepted(request)
    return representation.answer(openapi.v2())


async def _openapi_index(request: web.Request) -> web.Response:
    return representation.answer(openapi.index(request.app[CONTEXT].registry))


async def _openapi_document(request: web.Request) -> web.Response:
    context = request.app[CONTEXT]
    document = openapi.document(context.store, context.registry, request.match_info["path"])
    if document is None:
        raise routing.no_such_address()
    return representation.answer(document)
