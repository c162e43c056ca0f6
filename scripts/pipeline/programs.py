"""Programs of others that gates ask: found or missed in one line, and what they said kept."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.errors import NotCheckedError

# What fits behind our own words in one line that people read.
LONGEST = 200

Done = subprocess.CompletedProcess[str]


def own(name: str) -> str:
    """Return the path of a program that `make setup-test` installs beside this Python.

    Raises:
        NotCheckedError: it is not there.
    """
    path = Path(sys.executable).with_name(name)
    if not path.is_file():
        raise NotCheckedError(f"{name} is missing in {path.parent}: run `make setup-test`")
    return str(path)


def foreign(name: str, how: str) -> str:
    """Return the path of a program that the machine has.

    Args:
        name: of the program.
        how: what to do when it is missing.

    Raises:
        NotCheckedError: it is missing.
    """
    path = shutil.which(name)
    if path is None:
        raise NotCheckedError(f"{name} is missing: {how}")
    return path


def ask(command: Sequence[str | Path], environ: Mapping[str, str] | None = None) -> Done:
    """Run a program to its end, without input, and return what it said."""
    return subprocess.run(
        [str(part) for part in command],
        env=os.environ | (environ or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def last_line(done: Done) -> str:
    """Return the last thing that a program said, errors before all else; the beginning of it, if it is long."""
    lines = [line.strip() for line in (done.stderr.strip() or done.stdout.strip()).splitlines() if line.strip()]
    return lines[-1][:LONGEST] if lines else f"it said nothing, and exited with {done.returncode}"
