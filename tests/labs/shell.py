"""One shell session as a reader has it: what a command sets is there for the next one."""

import os
import secrets
import selectors
import signal
import subprocess
import time

# No command of a lab takes half of it on a machine that has nothing else to do.
DEADLINE = 120.0


class ShellError(Exception):
    """The session cannot go on: a command hangs, or ended the shell."""


class Shell:
    """bash in a folder.

    Args:
        folder: where it starts.
        environment: all that it knows.
    """

    def __init__(self, folder, environment):
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._read = b""

    def run(self, command, deadline=DEADLINE):
        """Return the lines that a command printed, and its exit status.

        Raises:
            ShellError: it takes longer than the deadline, in seconds, or the shell ended.
        """
        mark = secrets.token_hex(8)
        # A command reads nothing: what the session is still to run is not for it. `(exit N)` keeps $? for the next one.
        script = f"{{\n{command}\n}} </dev/null\n__=$?; printf '\\n%s %s\\n' {mark} $__; (exit $__)\n"
        self._process.stdin.write(script.encode())
        self._process.stdin.flush()
        output, status = self._until(f"\n{mark} ".encode(), time.monotonic() + deadline)
        return output.decode(errors="replace").splitlines(), int(status)

    def close(self):
        """End the session, and what it left in the background."""
        with self._process:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                return

    def _until(self, mark, end):
        """Return what comes before the mark, and the rest of its line."""
        while b"\n" not in self._read.partition(mark)[2]:
            self._more(end)
        output, _mark, rest = self._read.partition(mark)
        status, _line, self._read = rest.partition(b"\n")
        return output, status

    def _more(self, end):
        with selectors.DefaultSelector() as ready:
            ready.register(self._process.stdout, selectors.EVENT_READ)
            if not ready.select(max(0.0, end - time.monotonic())):
                raise ShellError(f"it takes too long; so far it printed:\n{self._read.decode(errors='replace')}")
        read = os.read(self._process.stdout.fileno(), 65536)
        if not read:
            raise ShellError(f"the shell ended; it printed:\n{self._read.decode(errors='replace')}")
        self._read += read
