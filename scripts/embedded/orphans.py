"""Processes that a killed cluster left behind: found, told from strangers, and ended.

A process is one of this cluster's if it is written down with the same start time (so a recycled process id is never
touched), or, on Linux, if its environment carries the cluster's marker (so a child that left its group is found too).
Only the standard library is imported: the guardian has to stay small.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

MARKER = "EMBEDDED_CLUSTER"
# A killed process is gone within milliseconds; one that hangs in the kernel for longer cannot be helped from here.
DEADLINE = 5.0
_PAUSE = 0.01
_PROC = Path("/proc")
_STATE_FIELD, _START_FIELD = 0, 19


def identity(pid: int) -> str | None:
    """Return what tells this process from a later one with the same id; None if there is no such process."""
    if sys.platform != "linux":
        return _identity_from_ps(pid)
    try:
        # The name in brackets may hold spaces and brackets itself: fields are counted from the last one.
        fields = (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    return None if fields[_STATE_FIELD] in "ZX" else f"{boot} {fields[_START_FIELD]}"


def _identity_from_ps(pid: int) -> str | None:
    shown = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, started = shown.stdout.strip().partition(" ")
    return None if not started or state.startswith("Z") else started.strip()


def end_all(folder: Path, marker: str) -> None:
    """Kill every process of the cluster and forget it.

    Args:
        folder: the files of `ProcessTable`.
        marker: the cluster's value of `MARKER`.

    Raises:
        TimeoutError: a process outlived its SIGKILL.
    """
    deadline = time.monotonic() + DEADLINE
    while left := {*_written_down(folder), *_marked(marker)}:
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes {sorted(left)} do not end")
        for pid in left:
            _kill(pid)
        time.sleep(_PAUSE)
    for record in _records(folder):
        record.unlink(missing_ok=True)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        # A leader's children follow it; a stray one is alone.
        os.killpg(pid, signal.SIGKILL) if _leads_group(pid) else os.kill(pid, signal.SIGKILL)


def _leads_group(pid: int) -> bool:
    return os.getpgid(pid) == pid


def _records(folder: Path) -> Iterator[Path]:
    return (record for record in folder.glob("*") if record.name.isdecimal()) if folder.is_dir() else iter(())


def _written_down(folder: Path) -> Iterator[int]:
    for record in _records(folder):
        pid = int(record.name)
        started = identity(pid)
        if started is not None and started == record.read_text():
            yield pid


def _marked(marker: str) -> Iterator[int]:
    if sys.platform != "linux":
        return
    wanted = f"{MARKER}={marker}".encode()
    for entry in _PROC.iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    yield int(entry.name)
