"""Stands between a release and its API server: passes everything on, numbers transitions, and breaks what rules say.

Upstream it is what the kubeconfig says: TLS, token, client certificate. Downstream it is plain HTTP on this machine's
loopback, for whoever has the kubeconfig that it writes. It adds no failure of its own: each request gets a connection
of its own, so none meets one that was closed meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import aiohttp
from aiohttp import web

from cluster.upstream import Upstream
from drills.chaos import answers
from drills.chaos.rules import (
    WATCH,
    Action,
    Cut,
    Delay,
    DropWatches,
    Event,
    Ignore,
    Kill,
    Refuse,
    Request,
    Rule,
    Rulebook,
)

LOOPBACK = "127.0.0.1"
START_SECONDS = 10.0
# An object is at most 1.5 MiB on an API server.
LARGEST_BODY = 4 * 2**20


class ApiProxy:
    """A proxy in a thread of its own, for as long as it is entered.

    Args:
        upstream: the API server and who asks.
        context: name of the context in the kubeconfig that it writes.
        namespace: namespace in it.
        on_event: told of every transition and of everything that is done to a request, in the proxy's thread.
    """

    def __init__(
        self,
        upstream: Upstream,
        context: str,
        namespace: str,
        on_event: Callable[[Event], None] = lambda _event: None,
    ) -> None:
        self._upstream = upstream
        self._context = context
        self._namespace = namespace
        self._on_event = on_event
        self._rulebook = Rulebook()
        self._victim: int | None = None
        self._number = 0
        self._watches: set[asyncio.Transport] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._port = 0

    def __enter__(self) -> ApiProxy:
        self._thread.start()
        if not self._ready.wait(START_SECONDS):
            raise OSError(f"the proxy before the API server did not start within {START_SECONDS:g} s")
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    @property
    def url(self) -> str:
        """Return its own address."""
        return f"http://{LOOPBACK}:{self._port}"

    def begin(self, rules: Sequence[Rule] = ()) -> None:
        """Count transitions anew, by these rules from now on, and kill nobody before `aim`."""
        self._number, self._victim, self._rulebook = 0, None, Rulebook(rules)

    def aim(self, pid: int) -> None:
        """Name the process group that rules kill."""
        self._victim = pid

    def write_kubeconfig(self, folder: Path) -> Path:
        """Write the kubeconfig that leads here, and return its path; it holds no credentials."""
        path = folder / "kubeconfig"
        answers.write_kubeconfig(path, self.url, self._context, self._namespace)
        return path

    # In the proxy's thread

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        connector = aiohttp.TCPConnector(ssl=self._upstream.tls or False, force_close=True, limit=0)
        timeout = aiohttp.ClientTimeout(total=None)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False) as self._client,
            self._listening(),
        ):
            self._ready.set()
            await self._stop.wait()
            self._drop_watches()

    @contextlib.asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        application = web.Application(client_max_size=LARGEST_BODY)
        application.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, LOOPBACK, 0)
        await site.start()
        self._port = runner.addresses[0][1]
        try:
            yield
        finally:
            await runner.cleanup()

    async def _handle(self, incoming: web.Request) -> web.StreamResponse:
        request = self._numbered(incoming)
        action = self._rulebook.decide(request)
        if request.number or action:
            self._on_event(Event(time.monotonic(), request, action))
        match action:
            case Kill(after=False):
                return self._kill(incoming)
            case Cut(after=False):
                return answers.cut(incoming)
            case Refuse():
                return answers.refusal(action)
            case Ignore():
                return await self._ignore(incoming)
            case Delay():
                await asyncio.sleep(action.seconds)
            case DropWatches():
                self._drop_watches()
        return await self._pass_on(incoming, action)

    def _numbered(self, incoming: web.Request) -> Request:
        verb = WATCH if _is_watch(incoming) else incoming.method
        request = Request(verb, incoming.path)
        if not request.is_transition:
            return request
        self._number += 1
        return Request(verb, incoming.path, self._number)

    async def _pass_on(self, incoming: web.Request, action: Action | None) -> web.StreamResponse:
        try:
            async with self._ask(incoming, await incoming.read()) as answer:
                if isinstance(action, Kill | Cut):
                    await answer.read()
                    return self._kill(incoming) if isinstance(action, Kill) else answers.cut(incoming)
                return await self._carry(incoming, answer)
        except aiohttp.ClientError:
            return answers.cut(incoming)  # the API server did it, and the release is to see the same

    def _ask(self, incoming: web.Request, body: bytes) -> aiohttp.client._RequestContextManager:
        headers = answers.carried(incoming.headers)
        return self._client.request(
            incoming.method,
            self._upstream.url + incoming.raw_path,
            headers={**headers, **self._upstream.headers()},
            data=body or None,
            allow_redirects=False,
            server_hostname=self._upstream.server_name,
        )

    async def _carry(self, incoming: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        """Carry an answer downstream as it comes: a watch speaks for a minute."""
        response = web.StreamResponse(
            status=answer.status, reason=answer.reason, headers=answers.carried(answer.headers)
        )
        if answer.content_length is not None:
            response.content_length = answer.content_length
        watch = incoming.transport if _is_watch(incoming) else None
        if watch is not None:
            self._watches.add(watch)
        try:
            await response.prepare(incoming)
            async for part in answer.content.iter_any():
                await response.write(part)
            await response.write_eof()
        except ConnectionError:
            pass  # who asked has gone, or a rule has cut this
        finally:
            if watch is not None:
                self._watches.discard(watch)
        return response

    def _kill(self, incoming: web.Request) -> web.StreamResponse:
        if self._victim is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._victim, signal.SIGKILL)
        return answers.cut(incoming)

    async def _ignore(self, incoming: web.Request) -> web.StreamResponse:
        while incoming.transport is not None and not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), 0.1)
        return answers.cut(incoming)

    def _drop_watches(self) -> None:
        for watch in list(self._watches):
            watch.abort()


def _is_watch(incoming: web.Request) -> bool:
    return incoming.query.get("watch") in ("1", "true")
