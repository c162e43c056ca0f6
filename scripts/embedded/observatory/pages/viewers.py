"""Everybody who looks at the live page gets the same snapshot every second; while nobody looks, nothing is asked."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

INTERVAL = 1.0
# A class in front of a projector, each with a phone; every one costs a write a second.
MOST = 100
log = logging.getLogger(__name__)


class Viewers:
    """Takes snapshots for those who look.

    Args:
        take: takes one.
        interval: seconds between two.
    """

    def __init__(self, take: Callable[[], Awaitable[dict[str, Any]]], interval: float = INTERVAL) -> None:
        self._take = take
        self._interval = interval
        self._queues: set[asyncio.Queue[str | None]] = set()
        self._task: asyncio.Task[None] | None = None

    @property
    def full(self) -> bool:
        """Tell whether there are as many viewers as the page is made for."""
        return len(self._queues) >= MOST

    async def follow(self) -> AsyncGenerator[str]:
        """Yield every snapshot as JSON until the observatory stops; who is slow misses some, and gets the newest."""
        queue: asyncio.Queue[str | None] = asyncio.Queue(maxsize=1)
        self._queues.add(queue)
        if self._task is None:
            self._task = asyncio.create_task(self._tell())
        try:
            while (snapshot := await queue.get()) is not None:
                yield snapshot
        finally:
            self._queues.discard(queue)
            if not self._queues:
                await self._rest()

    async def close(self) -> None:
        """Let all viewers go."""
        await self._rest()
        for queue in self._queues:
            _put(queue, None)

    async def _rest(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _tell(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            try:
                snapshot = json.dumps(await self._take(), separators=(",", ":"), allow_nan=False)
                for queue in self._queues:
                    _put(queue, snapshot)
            except Exception:
                # The page says that what it shows is old; the next second may be better.
                log.exception("no snapshot for the live page")
            await asyncio.sleep(max(0.0, began + self._interval - clock()))


def _put(queue: asyncio.Queue[str | None], item: str | None) -> None:
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(item)
