"""Keeps the guardian running: it may be killed as well, and then the cluster must not stay without one."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from embedded.state import REPOSITORY, Lock, State

_PAUSE = 0.1
log = logging.getLogger(__name__)


class Guard:
    """Starts the guardian, and another one whenever it is gone.

    Args:
        state: the state folder.
        lock: the cluster's lock; the guardian holds it too, until nothing is left running.
    """

    def __init__(self, state: State, lock: Lock) -> None:
        self._state = state
        self._lock = lock
        self._guardian: asyncio.subprocess.Process | None = None
        self.on_start: Callable[[], None] = lambda: None

    @property
    def pid(self) -> int | None:
        """Return the guardian's process id."""
        return self._guardian.pid if self._guardian else None

    async def start(self) -> None:
        """Start the guardian."""
        self._guardian = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "embedded.guardian", str(self._state.processes), str(self._state.folder)),
            env={"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(Path(__file__).parents[1])},
            cwd=REPOSITORY,
            # Never written to: it ends when this process does.
            stdin=subprocess.PIPE,
            pass_fds=[self._lock.descriptor],
            start_new_session=True,
        )

    async def run(self) -> None:
        """Start another guardian whenever it is gone."""
        while self._guardian:
            code = await self._guardian.wait()
            log.warning("the guardian ended with %d; starting another one", code)
            await asyncio.sleep(_PAUSE)
            await self.start()
            self.on_start()

    async def stop(self) -> None:
        """Let the guardian go; it ends what is left, if anything is."""
        if self._guardian and self._guardian.stdin:
            self._guardian.stdin.close()
            await self._guardian.wait()
