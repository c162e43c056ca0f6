"""The docker program: whether it can be used, and one command of it at a time with its output kept in a file."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from images.errors import ImagesError

ANSWER_DEADLINE = 20.0
LONGEST_REASON = 300
# Colours, and BuildKit's number of the step and its time.
_DECORATION = re.compile(r"\x1b\[[0-9;]*m|^#\d+ [0-9.]+ ")
_COMPLAINT = re.compile(r"(ERROR: (?!executor failed|failed to solve: process )|[\w.]*(Error|Exception): )")


def check() -> None:
    """Find out whether Docker is there and answers.

    Raises:
        ImagesError: it is missing, does not run, or may not be used.
    """
    if shutil.which("docker") is None:
        raise ImagesError(
            "Docker is missing: install it (Docker Desktop, or your system's docker package);"
            " `make up` and `make demo` need neither Docker nor images"
        )
    command = ["docker", "version", "--format", "{{.Server.Version}}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_DEADLINE, check=False)
    except subprocess.TimeoutExpired:
        raise ImagesError(f"Docker does not answer within {ANSWER_DEADLINE:.0f} s: restart it") from None
    if done.returncode:
        raise ImagesError(_unusable(done.stderr))


def check_buildx() -> None:
    """Find out whether Docker is there, answers, and can build for other machines than this one.

    Raises:
        ImagesError: it cannot.
    """
    check()
    done = subprocess.run(["docker", "buildx", "version"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ImagesError(
            "docker buildx is missing: install Docker's buildx plugin (Docker Desktop has it);"
            " it builds for other kinds of machines"
        )


def _unusable(said: str) -> str:
    if "permission denied" in said.lower():
        return "Docker may not be used by this user: add yourself to the group docker and log in again"
    return (
        "Docker is installed, but its daemon does not run: start Docker Desktop, or `sudo systemctl start docker`"
        f" ({complaint(said)})"
    )


def run(arguments: Sequence[str], folder: Path, log: Path, environ: Mapping[str, str]) -> str | None:
    """Run a docker command and keep all of its output.

    Args:
        arguments: what follows ``docker``.
        folder: where relative paths begin.
        log: file that receives the output.
        environ: variables to set unless the user has set them.

    Returns:
        None, or the whole output if the command failed.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as file:
        done = subprocess.run(
            ["docker", *arguments],
            cwd=folder,
            env={**environ, **os.environ},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            check=False,
        )
    return log.read_text(errors="replace") if done.returncode else None


def complaint(output: str) -> str:
    """Return the line of some output that says best what went wrong.

    Builders end with the command that failed, which is long and no reason: what that command said comes first.
    """
    lines = [_DECORATION.sub("", line).strip() for line in output.splitlines()]
    complaints = [line for line in lines if _COMPLAINT.match(line)]
    spoken = complaints or [line for line in lines if line]
    return spoken[-1].removeprefix("ERROR: ")[:LONGEST_REASON] if spoken else "it said nothing"
