"""Shows that long work is under way: one line that is rewritten on a terminal, plain lines elsewhere."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path


def say(message: str) -> None:
    """Print one line at once."""
    print(message, flush=True)  # noqa: T201 - nothing better is installed yet


def run_counted(command: Sequence[str | Path], title: str, counts: Callable[[str], bool], log: Path) -> int:
    """Run a command, keep its output in a file, and show how many of its lines `counts` accepted.

    Args:
        command: program and arguments.
        title: what is being done, for people.
        counts: tells whether a line of output is a step of the work.
        log: file that receives the whole output.

    Returns:
        The exit status of the command.
    """
    started, steps = time.monotonic(), 0
    live = sys.stdout.isatty()
    if not live:
        say(f"{title} ...")
    with (
        log.open("w") as file,
        subprocess.Popen(
            [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process,
    ):
        assert process.stdout  # noqa: S101 - asked for with PIPE
        for line in process.stdout:
            file.write(line)
            steps += counts(line)
            if live:
                sys.stdout.write(f"\r\033[K{title}: {steps} done, {time.monotonic() - started:.0f} s")
                sys.stdout.flush()
    say(f"{chr(13) if live else ''}{title}: {steps} in {time.monotonic() - started:.0f} s")
    return process.returncode
