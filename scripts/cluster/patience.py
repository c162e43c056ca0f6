"""Patience with an API server that is away, overloaded or ill for a while: what it would not do now is asked again.

A write may be sent twice, when its answer was lost: merge patches and deletions come to the same; a create, and a patch
that is bound to a resource version, meets its own first half as a conflict, and whoever wrote it has to look.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from cluster.errors import Busy, Unreachable

T = TypeVar("T")

# A control plane that restarts is back within this time; whoever waits longer waits for a person.
PATIENCE_SECONDS = 60.0
# The first pause, doubled up to the longest: users may be waiting for what is asked.
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0


class Bearing(Protocol):
    """Whoever sees a request through."""

    def bear(self, ask: Callable[[], T]) -> T:
        """Ask, once or several times, and return the first answer."""


class Patience:
    """Asks again until there is an answer, or until the time is over.

    Args:
        seconds: for how long.
        clock: tells the time in seconds.
        sleep: waits for so many seconds.
    """

    def __init__(
        self,
        seconds: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._sleep = sleep

    def bear(self, ask: Callable[[], T]) -> T:
        """Return the first answer.

        Raises:
            ClusterError: the last refusal when the time is over; any other at once.
        """
        deadline, pause = self._clock() + self._seconds, FIRST_PAUSE
        while True:
            try:
                return ask()
            except (Unreachable, Busy) as error:
                wait = max(pause, getattr(error, "retry_after", 0.0))
                if self._clock() + wait >= deadline:
                    raise
            self._sleep(wait)
            pause = min(pause * 2, LONGEST_PAUSE)
