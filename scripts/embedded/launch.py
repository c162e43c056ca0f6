"""Starting and stopping a cluster: the lock, what earlier runs left, and the way into the background."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from embedded import orphans
from embedded.guard import Guard
from embedded.state import REPOSITORY, ClusterError, Lock, State

# The guardian of a killed supervisor needs moments to clean up.
_CLEANING = 2 * orphans.DEADLINE
# Pods get their grace, Envoy and Prometheus theirs.
STOP_DEADLINE = 30.0
_POLL = 0.05
Ready = Callable[[dict[str, str]], None]


class AlreadyRunningError(ClusterError):
    """A supervisor runs on this state already."""


def run(state: State, images: Path, ready: Ready) -> None:
    """Run a cluster in this process until SIGINT, SIGTERM or SIGHUP.

    Args:
        state: its state folder.
        images: the image catalogue.
        ready: called with the addresses once everything answers.

    Raises:
        ClusterError: it cannot start.
    """
    state.prepare()
    lock = _take(state)
    try:
        lock.sign(f"{os.getpid()} {orphans.identity(os.getpid())}")
        clean(state)
        state.status.unlink(missing_ok=True)
        asyncio.run(_supervise(state, images, lock, ready))
    finally:
        state.status.unlink(missing_ok=True)
        lock.release()


async def _supervise(state: State, images: Path, lock: Lock, ready: Ready) -> None:
    # Imported here: `down` and `status` need none of it and should answer at once.
    from embedded.supervisor import Supervisor

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    guard = Guard(state, lock)
    await guard.start()
    try:
        await Supervisor(state, guard, images).run(ready, stop)
    finally:
        await guard.stop()


def _take(state: State) -> Lock:
    """Return the lock, once the guardian of an earlier run has let go of it.

    Raises:
        AlreadyRunningError: a supervisor holds it.
    """
    lock = Lock(state.lock)
    deadline = time.monotonic() + _CLEANING
    while not lock.acquire():
        if (pid := running(state)) is not None:
            raise AlreadyRunningError(f"the cluster of {state.folder} is already running (process {pid})")
        if time.monotonic() > deadline:
            raise ClusterError(f"another process holds {state.lock}: end it, or use another state folder")
        time.sleep(_POLL)
    return lock


def running(state: State) -> int | None:
    """Return the process id of the supervisor, None if there is none."""
    holder = Lock(state.lock).holder()
    pid, _, started = (holder or "").partition(" ")
    return int(pid) if pid.isdecimal() and orphans.identity(int(pid)) == started else None


def wait_until_ready(state: State) -> None:
    """Wait until a cluster that somebody else has started answers.

    Raises:
        ClusterError: it ended before.
    """
    while not state.status.exists():
        if running(state) is None:
            raise ClusterError(f"the cluster ended while it started: see {state.log}")
        time.sleep(_POLL)


def clean(state: State) -> None:
    """End what an earlier run of this cluster left running; the caller holds the lock."""
    try:
        orphans.end_all(state.processes, str(state.folder))
    except TimeoutError as error:
        raise ClusterError(f"cannot end what the last run left: {error}") from error


def start(state: State, images: Path) -> dict[str, str]:
    """Start a cluster in the background and wait until it answers.

    Returns:
        Where everything answers.

    Raises:
        ClusterError: it does not start; says why.
    """
    state.prepare()
    if (pid := running(state)) is not None:
        raise AlreadyRunningError(f"the cluster of {state.folder} is already running (process {pid})")
    reading, writing = os.pipe()
    options = ["--state", str(state.folder), "--images", str(images)]
    with state.log.open("ab") as log:
        process = subprocess.Popen(
            [*(sys.executable, "-m", "embedded", "up", "--foreground"), *options],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), REPORT_VARIABLE: str(writing)},
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[writing],
            start_new_session=True,
        )
    os.close(writing)
    # Ends when the new process has reported, or is gone.
    try:
        with os.fdopen(reading) as pipe:
            report = pipe.read()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise
    return _understand(report, state)


# How a supervisor in the background tells the command that started it how it went.
REPORT_VARIABLE = "EMBEDDED_REPORT_FD"


def report(content: dict[str, Any]) -> bool:
    """Tell the command that started this process how it went; returns False if there is none."""
    descriptor = os.environ.pop(REPORT_VARIABLE, None)
    if descriptor is None:
        return False
    with os.fdopen(int(descriptor), "w") as pipe:
        json.dump(content, pipe)
    return True


def _understand(text: str, state: State) -> dict[str, str]:
    if not text:
        raise ClusterError(f"the cluster ended while it started: see {state.log}")
    content = json.loads(text)
    if "error" in content:
        raise (AlreadyRunningError if content.get("running") else ClusterError)(content["error"])
    return dict(content["addresses"])


def stop(state: State) -> bool:
    """Stop a cluster and end all its processes; returns False if none was running.

    Raises:
        ClusterError: something does not end.
    """
    stopped = False
    while state.lock.exists():
        if (pid := running(state)) is not None:
            os.kill(pid, signal.SIGTERM)
            _wait_for_end(pid)
            stopped = True
        # A supervisor that is just starting may sign the lock meanwhile.
        with contextlib.suppress(AlreadyRunningError):
            lock = _take(state)
            try:
                clean(state)
            finally:
                lock.release()
            break
    return stopped


def _wait_for_end(pid: int) -> None:
    """Wait until the supervisor is gone; kill it, whereupon its guardian acts, if it takes too long."""
    begun = orphans.identity(pid)
    deadline = time.monotonic() + STOP_DEADLINE
    while begun is not None and orphans.identity(pid) == begun:
        if time.monotonic() > deadline:
            logging.getLogger(__name__).warning("process %d does not stop and is killed", pid)
            os.kill(pid, signal.SIGKILL)
            deadline += STOP_DEADLINE
        time.sleep(_POLL)
