"""Processes of one cluster: each leads a group of its own and is written down, so that none can be lost.

Three things end what a killed cluster leaves behind: the kernel (`setpriv --pdeathsig`, Linux only), the guardian, and
the next start. The last two read what is written down here; see `orphans`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from embedded import orphans


class Process:
    """A running process and its group."""

    def __init__(self, process: asyncio.subprocess.Process, record: Path) -> None:
        self._process = process
        self._record = record
        self.pid = process.pid
        # Awaited here, whoever else waits: what is written down of a process must go with it.
        self._end = asyncio.ensure_future(self._ended())

    @property
    def running(self) -> bool:
        """Tell whether the process has not ended yet."""
        return not self._end.done()

    def signal(self, number: int) -> None:
        """Send a signal to the process alone, as a container runtime does to the first process of a container."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    def kill(self) -> None:
        """End the process and all that it started, at once."""
        if self.running:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    async def wait(self) -> int:
        """Wait for the end and return the exit code as a shell gives it: 128 plus the signal for a killed process."""
        return await asyncio.shield(self._end)

    async def _ended(self) -> int:
        code = await self._process.wait()
        # What the process started goes with it, as the rest of a container goes with its first process.
        self.kill()
        self._record.unlink(missing_ok=True)
        return code if code >= 0 else 128 - code


class ProcessTable:
    """Starts processes and writes down which ones run.

    Args:
        folder: where one file stands for each running process.
        marker: value of `orphans.MARKER` in the environment of every process of this cluster.
    """

    def __init__(self, folder: Path, marker: str) -> None:
        self._folder = folder
        self._marker = marker
        self._tie = _tie_to_parent()

    async def start(self, command: Sequence[str], env: Mapping[str, str], cwd: Path, output: Path) -> Process:
        """Start a command in a new session; both its outputs are appended to one file.

        Raises:
            OSError: the program does not exist or cannot be executed; the message names it.
        """
        program = shutil.which(command[0], path=env.get("PATH", os.defpath))
        if program is None:
            raise FileNotFoundError(f'exec: "{command[0]}": executable file not found in $PATH')
        with output.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *self._tie,
                program,
                *command[1:],
                env={**env, orphans.MARKER: self._marker},
                cwd=cwd,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return Process(process, self._write_down(process.pid))

    def _write_down(self, pid: int) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        record = self._folder / str(pid)
        record.write_text(orphans.identity(pid) or "")
        return record


def _tie_to_parent() -> tuple[str, ...]:
    """Return the prefix that makes the kernel kill a process when the supervisor dies (util-linux, Linux only)."""
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    return (setpriv, "--pdeathsig", "KILL", "--") if setpriv else ()
