"""The steps of a release, told to whoever watches it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Step:
    """One thing that a release did.

    Attributes:
        name: what was done, such as ``shift``.
        started: Unix time when it began.
        ended: Unix time when it was done, or went wrong.
        details: what it was done with; ``error`` if it went wrong.
    """

    name: str
    started: float
    ended: float
    details: dict[str, Any] = field(default_factory=dict)


OnStep = Callable[[Step], None]


class Reporter:
    """Times steps and passes each on when it is over.

    Args:
        on_step: who wants to know; None for nobody.
    """

    def __init__(self, on_step: OnStep | None) -> None:
        self._on_step = on_step

    @contextlib.contextmanager
    def step(self, name: str, **details: Any) -> Iterator[dict[str, Any]]:
        """Time the block as a step; what it adds to the dictionary it is given becomes part of the details."""
        started = time.time()
        try:
            yield details
        except BaseException as error:
            details["error"] = str(error) or type(error).__name__
            raise
        finally:
            if self._on_step:
                self._on_step(Step(name, started, time.time(), details))
