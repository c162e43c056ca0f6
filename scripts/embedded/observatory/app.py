"""The observatory as a web application: its APIs, its pages, and what works in the background."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

from embedded.observatory import grafana_api, pages
from embedded.observatory.elasticsearch_api import ElasticsearchApi
from embedded.observatory.errors import BadRequestError, GapError, SourceError
from embedded.observatory.follower import Follower
from embedded.observatory.jaeger_api import JaegerApi
from embedded.observatory.jaeger_api import error as jaeger_error
from embedded.observatory.otlp_api import OtlpApi
from embedded.observatory.settings import Settings
from embedded.observatory.sources import Sources, opened

# Seconds that spans wait for each other.
FLUSH_INTERVAL = 0.5
_BOUND_INTERVAL = 10.0
# A batch of some thousand spans.
_LARGEST_BODY = 16 * 1024 * 1024
SOURCES = web.AppKey("sources", Sources)
log = logging.getLogger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_app(settings: Settings) -> web.Application:
    """Return the application.

    Raises:
        ObservatoryError: a file cannot be used.
    """
    sources = opened(settings)
    app = web.Application(middlewares=[_one_line_errors], client_max_size=_LARGEST_BODY)
    app[SOURCES] = sources
    app.router.add_get("/healthz", _healthy)
    app.router.add_get("/readyz", _healthy)
    apis = (OtlpApi(sources.spans), JaegerApi(sources.traces), grafana_api.GrafanaApi(sources.annotations))
    for api in (*apis, ElasticsearchApi(sources.logs)):
        api.install(app)
    pages.install(app, sources)
    app.cleanup_ctx.append(lambda _app: _background(sources, settings))
    return app


async def _healthy(_request: web.Request) -> web.Response:
    return web.Response(text="ok\n")


async def _background(sources: Sources, settings: Settings) -> AsyncIterator[None]:
    follower = Follower(sources.lines, sources.pods, settings.logs, settings.access_log)
    works = [_regularly(sources.spans.flush, FLUSH_INTERVAL), _regularly(_bound(sources), _BOUND_INTERVAL)]
    works += [follower.run()] + ([sources.pods.run()] if settings.kubeconfig else [])
    tasks = [asyncio.create_task(work) for work in works]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    follower.close()
    await sources.close()


def _bound(sources: Sources) -> Callable[[], None]:
    def bound() -> None:
        sources.spans.bound()
        sources.lines.bound()

    return bound


async def _regularly(work: Callable[[], None], seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            work()
        except sqlite3.Error as error:
            # A full disk, say: what could not be written is lost, what comes later is not.
            log.warning("cannot write for now: %s", error)
        except Exception:
            log.exception("cannot write")


@web.middleware
async def _one_line_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except BadRequestError as error:
        return _refusal(request, 400, str(error))
    except GapError as error:
        return _refusal(request, 501, f"the observatory has no {error}")
    except OverflowError as error:
        return _refusal(request, 400, f"a number is too large: {error}")
    except SourceError as error:
        return _refusal(request, 503, str(error))
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
        return _refusal(request, 501, f"the observatory has no {request.method} {request.path}")


def _refusal(request: web.Request, status: int, message: str) -> web.Response:
    """Return an error in the words of the API that was asked."""
    if request.path.startswith(("/api/traces", "/api/services")):
        return jaeger_error(status, message)
    with contextlib.suppress(IndexError):
        if request.path.split("/")[2].startswith("_"):
            from embedded.observatory.elasticsearch_api import error

            return error(status, "not_implemented", message)
    return web.json_response({"message": message}, status=status)
