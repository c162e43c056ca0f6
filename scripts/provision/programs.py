"""Running other programs: their output is shown only if they fail, and none of them outlives this one."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence

from provision.errors import ProvisionError

# Enough to see what a program was about when it failed.
LAST_LINES = 15
# How long a program that was told to stop may take: kind and helm have nothing to put in order.
STOP_SECONDS = 5.0


class FailedError(ProvisionError):
    """A program ended with an error.

    Args:
        command: what was run.
        status: its exit status.
        output: all that it printed.
    """

    def __init__(self, command: Sequence[str], status: int, output: str) -> None:
        lines = [line.rstrip() for line in output.splitlines() if line.strip()]
        errors = [line for line in lines if line.lower().startswith("error")]
        said = (errors or lines or ["it said nothing"])[-1].strip()
        super().__init__(f"`{' '.join(command[:3])} ...` failed ({status}): {said}", output=lines[-LAST_LINES:])
        self.text = output


def run(
    command: Sequence[str],
    *,
    stdin: str = "",
    environment: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> str:
    """Run a program to its end and return what it printed on standard output.

    Args:
        command: program and arguments.
        stdin: what it gets to read.
        environment: variables on top of this program's own.
        timeout: seconds after which it is stopped; None for as long as it takes.

    Raises:
        FailedError: it ended with an error, or did not end in time.
        ProvisionError: there is no such program.
    """
    try:
        # A session of its own: Ctrl-C comes to this program alone, which then ends the other with all its children.
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    except OSError as error:
        raise ProvisionError(f"{command[0]} cannot be run: {error.strerror}") from None
    with _ended(process):
        try:
            output, errors = process.communicate(stdin, timeout)
        except subprocess.TimeoutExpired:
            raise FailedError(command, 1, f"no answer within {timeout:g} s") from None
    if process.returncode:
        raise FailedError(command, process.returncode, output + errors)
    return output


@contextlib.contextmanager
def _ended(process: subprocess.Popen[str]) -> Iterator[None]:
    try:
        yield
    finally:
        if process.poll() is None:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
