"""A deadline that can be brought forward, as a second deletion with a shorter grace period does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Deadline:
    """A moment by which a pod has to end.

    Args:
        seconds: how far away it is.
    """

    def __init__(self, seconds: float) -> None:
        self._at = self._now() + seconds
        self._waiting: set[asyncio.Timeout] = set()

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    def shorten(self, seconds: float) -> None:
        """Bring the deadline forward to so many seconds from now; it is never put off."""
        self._at = min(self._at, self._now() + seconds)
        for timeout in self._waiting:
            timeout.reschedule(min(self._at, timeout.when() or self._at))

    @contextlib.asynccontextmanager
    async def limit(self, at_least: float = 0) -> AsyncIterator[None]:
        """Give up on what is inside when the deadline has come, but not before `at_least` seconds have gone by."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(max(self._at, self._now() + at_least)) as timeout:
                self._waiting.add(timeout)
                try:
                    yield
                finally:
                    self._waiting.discard(timeout)
