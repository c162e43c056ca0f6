"""Daemons: Envoy, Prometheus and the observatory, kept running."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from embedded.processes import Process, ProcessTable

# Fast enough that users hardly notice a single crash; a program that crashes again and again may not eat a core.
FIRST_PAUSE, LAST_PAUSE = 0.1, 10.0
# A run this long was a sound one: the next crash is a first one again.
_SOUND_RUN = 30.0
_STOP_GRACE = 5.0
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")
log = logging.getLogger(__name__)


class Daemon:
    """A program of the cluster's own that has to run all the time.

    Args:
        name: its name in messages and of its log file.
        command: gives program and arguments.
        folder: its working directory; its output goes to a log there.
        processes: starts it.
        crashed: called with a sentence whenever it has ended by itself.
        env: what it needs in its environment beside the usual.
    """

    def __init__(
        self,
        name: str,
        command: Callable[[], Sequence[str]],
        folder: Path,
        processes: ProcessTable,
        crashed: Callable[[str], None],
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self.process: Process | None = None
        self._command = command
        self._folder = folder
        self._processes = processes
        self._crashed = crashed
        self._env = {**{name: os.environ[name] for name in _INHERITED if name in os.environ}, **(env or {})}
        self._stopping = False
        self._said = 0
        self.crashes = 0
        self.on_start: Callable[[], None] = lambda: None

    async def run(self) -> None:
        """Run the program until cancelled or stopped; start it again whenever it ends."""
        pause = FIRST_PAUSE
        self._folder.mkdir(parents=True, exist_ok=True)
        while not self._stopping:
            began = asyncio.get_running_loop().time()
            code = await self._run_once()
            if self._stopping:
                return
            if asyncio.get_running_loop().time() - began > _SOUND_RUN:
                pause = FIRST_PAUSE
            self.crashes += 1
            self._crashed(f"{self.name} ended with {code}, starting it again in {pause:g}s: {self.last_words()}")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LAST_PAUSE)

    async def _run_once(self) -> int:
        self._said = self.log.stat().st_size if self.log.exists() else 0
        self.process = await self._processes.start(self._command(), self._env, self._folder, self.log)
        log.info("%s runs as process %d", self.name, self.process.pid)
        self.on_start()
        try:
            return await self.process.wait()
        finally:
            self.process.kill()
            await self.process.wait()

    async def stop(self) -> None:
        """End the program: SIGTERM first, SIGKILL when it takes too long."""
        self._stopping = True
        if self.process and self.process.running:
            self.process.signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_STOP_GRACE):
                    await self.process.wait()
            self.process.kill()
            await self.process.wait()

    def last_words(self) -> str:
        """Return what the program's log says about its end: the first critical line since its start, or the last."""
        try:
            lines = self.log.read_bytes()[self._said :].decode(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        grave = [line for line in lines if "critical" in line]
        return next(iter(grave or lines[-1:]), "it said nothing")
