"""Says what is being done and what came of it: a line that lives on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console

UNCHANGED = "unchanged"


@dataclass
class Step:
    """One step of the work.

    Attributes:
        outcome: what came of it, in a word or two.
    """

    outcome: str = UNCHANGED


class Steps:
    """The steps of one run.

    Args:
        console: where they are told.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self.changed = False

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Tell of one step while it lasts; whoever takes it says what came of it."""
        started, step = time.monotonic(), Step()
        if self._console.is_terminal:
            with self._console.status(f"{title} ..."):
                yield step
        else:
            self.say(f"{title} ...")
            yield step
        self.say(f"{title}: {step.outcome} ({time.monotonic() - started:.0f} s)")
        self.changed |= step.outcome != UNCHANGED

    def say(self, message: str) -> None:
        """Print one line."""
        self._console.print(message, markup=False)
