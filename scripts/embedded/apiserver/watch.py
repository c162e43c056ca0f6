"""Watches: what is told to those who asked to be told of changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from embedded.apiserver.resources import Resource


@dataclass(frozen=True)
class Event:
    """One change.

    Attributes:
        kind: ADDED, MODIFIED or DELETED.
        resource: kind of the object.
        revision: resource version of the change.
        body: the object after the change (of a deleted one: its last state); shared, not to be altered.
        old: the object before the change, None if it was added.
    """

    kind: str
    resource: Resource
    revision: int
    body: dict[str, Any]
    old: dict[str, Any] | None


class Watch:
    """An endless queue of events of one kind (None: of all kinds) in one namespace (None: in all).

    Iterate over it with ``async for``; `close` ends the iteration. Use it as a context manager so that the store
    forgets it.
    """

    def __init__(self, resource: Resource | None, namespace: str | None, on_close: Callable[[Watch], None]) -> None:
        self._resource = resource
        self._namespace = namespace
        self._on_close = on_close
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue()

    def offer(self, event: Event) -> None:
        """Queue an event if this watch is about it."""
        about_kind = self._resource is None or event.resource == self._resource
        if about_kind and self._namespace in (None, event.body["metadata"].get("namespace")):
            self._queue.put_nowait(event)

    def close(self) -> None:
        """End the iteration after what is already queued."""
        self._on_close(self)
        self._queue.put_nowait(None)

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    async def take(self, timeout: float) -> list[Event] | None:  # noqa: ASYNC109 - it is the answer's own bound
        """Return all queued events, waiting for a first one up to `timeout` seconds; None when the watch was closed."""
        try:
            # Not asyncio.wait_for: before Python 3.12 it may lose a cancellation, or the event, that comes in time.
            async with asyncio.timeout(timeout):
                events = [await self._queue.get()]
        except TimeoutError:
            return []
        while not self._queue.empty():
            events.append(self._queue.get_nowait())
        if None in events:
            self._queue.put_nowait(None)
        told = [event for event in events if event is not None]
        return told or None

    async def __aiter__(self) -> AsyncIterator[Event]:
        while (event := await self._queue.get()) is not None:
            yield event
