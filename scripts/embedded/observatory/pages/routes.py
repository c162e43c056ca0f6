"""The addresses of the pages, of what they are made of, and of the stream that the live page follows."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from embedded.observatory.pages.snapshot import Snapshots
from embedded.observatory.pages.viewers import Viewers
from embedded.observatory.sources import Sources

STATIC = Path(__file__).parent / "static"
# Nothing comes from elsewhere, nothing stands inline, no other page may put this one into a frame.
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # Asked for anew each time, answered with 304: an update of the project is seen at once.
    "Cache-Control": "no-cache",
}
_PAGES = {"/": "live.html", "/traces": "traces.html", "/traces/{id}": "trace.html", "/logs": "logs.html"}
_VIEWERS = web.AppKey("viewers", Viewers)
# After the server is back, or after a failure, a page comes back within a second.
_RETRY_MS = 1000


def install(app: web.Application, sources: Sources) -> None:
    """Give an application the pages.

    Args:
        app: the observatory.
        sources: where the live page gets what it shows.
    """
    for path, name in _PAGES.items():
        app.router.add_get(path, _file(STATIC / name))
    for file in sorted(STATIC.iterdir()):
        app.router.add_get(f"/static/{file.name}", _file(file))
    app.router.add_get("/favicon.ico", _file(STATIC / "icon.svg"))
    app.router.add_get("/events", _events)
    app[_VIEWERS] = Viewers(Snapshots(sources).take)
    app.on_shutdown.append(_let_go)


def _file(file: Path) -> Handler:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(file, headers=HEADERS)

    return answer


async def _events(request: web.Request) -> web.StreamResponse:
    viewers = request.app[_VIEWERS]
    if viewers.full:
        raise web.HTTPServiceUnavailable(text="too many viewers: close some of the other pages\n")
    response = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await response.prepare(request)
    await response.write(f"retry: {_RETRY_MS}\n\n".encode())
    snapshots = viewers.follow()
    try:
        async for snapshot in snapshots:
            await response.write(f"data: {snapshot}\n\n".encode())
    except ConnectionError:
        pass  # the viewer is gone
    finally:
        await snapshots.aclose()
    return response


async def _let_go(app: web.Application) -> None:
    """End the streams: a server waits for its open answers before it stops."""
    await app[_VIEWERS].close()
