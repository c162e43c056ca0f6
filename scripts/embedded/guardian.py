"""The guardian: a small process that outlives a killed supervisor just long enough to end all that it started.

The supervisor holds the only writing end of the pipe that is the guardian's standard input and never writes to it: when
the pipe ends the supervisor is gone, whatever killed it. The guardian also holds the cluster's lock, so a new start
waits until it is done.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from embedded import orphans


def main(folder: str, marker: str) -> None:
    """Wait for the end of standard input, then end every process of the cluster."""
    # Only the supervisor's end counts: what ends a terminal or a process group must not take the guardian first.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    orphans.end_all(Path(folder), marker)


if __name__ == "__main__":
    main(*sys.argv[1:])
