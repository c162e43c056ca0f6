"""Servers under measurement: processes on ports of their own, whose processor time can be read."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from bench.load import LoadError

HOST = "127.0.0.1"
START_S = 15.0


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server; at the end it is told to stop and waited for.

    Args:
        command: program and arguments.
        environment: variables beside those of this process.
        log: file for everything that it writes.
    """
    with log.open("w") as file:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=file, stderr=file)
        try:
            yield process
        finally:
            process.terminate()
            process.wait()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def wait(port: int, log: Path) -> None:
    """Wait until somebody listens on a port.

    Raises:
        LoadError: nobody does within START_S; names the log that may say why.
    """
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if not probe.connect_ex((HOST, port)):
                return
        time.sleep(0.05)
    raise LoadError(f"a server did not start within {START_S:.0f} s: see {log}")


def cpu_seconds(root: int) -> float:
    """Return the processor time that a process and its descendants have taken, in seconds."""
    process = psutil.Process(root)
    times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
    return sum(each.user + each.system for each in times)
