"""Where a part of the benchmarks works."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Room:
    """Where a part works.

    Attributes:
        logs: folder for what its servers write; it exists.
        state: folder for the state of an embedded cluster, of this part alone.
        say: is told what is going on, one line at a time.
    """

    logs: Path
    state: Path
    say: Callable[[str], None]
