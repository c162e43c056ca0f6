"""The embedded cluster by its own commands: used if it runs, else started, and then stopped in the end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class StartError(Exception):
    """The cluster does not start; it has said why."""


@contextmanager
def running(state: Path, images: Path) -> Iterator[bool]:
    """Have a cluster run, and yield whether it ran before.

    Args:
        state: its state folder.
        images: the catalogue of what a cluster that is started now can run.

    Raises:
        StartError: it does not start.
    """
    if _run("status", state, subprocess.DEVNULL):
        yield True
        return
    try:
        if not _run("up", state, None, "--images", str(images)):
            raise StartError
        yield False
    finally:
        _run("down", state, subprocess.DEVNULL)


def _run(verb: str, state: Path, output: int | None, *options: str) -> bool:
    command = [sys.executable, "-m", "embedded", verb, "--state", str(state), *options]
    return subprocess.run(command, stdout=output, stderr=output, check=False).returncode == 0
