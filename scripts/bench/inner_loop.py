"""`make dev` run beside a benchmark or a test, as a user would run it in another terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.load import LoadError

ROOT = Path(__file__).resolve().parents[2]
WATCHING = "watching "
START_S, STOP_S = 120.0, 60.0


class InnerLoop:
    """A running `python -m dev`.

    Attributes:
        lines: what it has said so far.
    """

    def __init__(self, state: Path, services: Path) -> None:
        self.lines: list[str] = []
        self._said = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dev", "--state", str(state), "--services", str(services)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(str(ROOT / root) for root in ("services", "scripts"))},
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, text: str, timeout: float, after: int = 0) -> str:
        """Return the first line with a text in it.

        Args:
            text: a part of the line.
            timeout: seconds.
            after: how many lines are passed over.

        Raises:
            LoadError: it does not say that, in time or at all.
        """

        def found() -> str | None:
            return next((line for line in self.lines[after:] if text in line), None)

        with self._said:
            self._said.wait_for(lambda: found() or not self._reader.is_alive(), timeout)
            line = found()
        if line is None:
            raise LoadError(f"`make dev` did not say {text!r} within {timeout:g} s; at last: {self.lines[-3:]}")
        return line

    def stop(self, number: int = signal.SIGINT) -> int:
        """End it as Ctrl-C or another signal does, and return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(STOP_S)
        self._reader.join(STOP_S)
        return status

    def _read(self) -> None:
        for line in self.process.stdout or ():
            with self._said:
                self.lines.append(line.rstrip("\n"))
                self._said.notify_all()
        with self._said:
            self._said.notify_all()


@contextmanager
def watching(state: Path, services: Path) -> Iterator[InnerLoop]:
    """Run it until it watches; at the end it is stopped, and with it the cluster that it started.

    Raises:
        LoadError: it does not start.
    """
    loop = InnerLoop(state, services)
    try:
        loop.wait_for(WATCHING, START_S)
        yield loop
    finally:
        loop.stop()
