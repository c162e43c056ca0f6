"""How a service leaves: readiness fails first, it goes on serving for a moment, then it drains and exits.

The endpoints of a pod vanish from the proxies a moment after the pod was asked to stop. A server that stops listening
at once loses the requests of that moment.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable


class Shutdown:
    """Whether the service is on its way out.

    Args:
        delay: seconds to go on serving after readiness failed.
    """

    def __init__(self, delay: float) -> None:
        self.begun = False
        self._delay = delay
        self._asked: queue.SimpleQueue[None] = queue.SimpleQueue()

    def begin(self) -> None:
        """Fail readiness now; safe in a signal handler, which must neither start a thread nor take a lock."""
        self.begun = True
        self._asked.put(None)

    def watch(self, drain: Callable[[], None]) -> None:
        """Call `drain` once, the delay after `begin`; to be called in the process that serves."""

        def wait() -> None:
            self._asked.get()
            time.sleep(self._delay)
            drain()

        threading.Thread(target=wait, name="shutdown", daemon=True).start()
