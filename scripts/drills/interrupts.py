"""Ctrl-C and SIGTERM as an exception that stops the method of a drill but never its way back."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """A signal asked the drill to end; no `except Exception` on its way keeps it."""

    def __init__(self, number: int) -> None:
        super().__init__(f"interrupted by {signal.Signals(number).name}")
        self.number = number


class Interrupts:
    """Turns signals into `Interrupted` while it is entered.

    Args:
        on_held: called with one line when a signal comes during the way back.
    """

    def __init__(self, on_held: Callable[[str], None]) -> None:
        self._on_held = on_held
        self._held = False
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():  # Python handles signals nowhere else
            self._previous = {number: signal.signal(number, self._handle) for number in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Let no signal stop the block: what goes back must arrive."""
        self._held = True
        try:
            yield
        finally:
            self._held = False

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._held:
            self._on_held(f"{signal.Signals(number).name}: already going back, a moment please")
            return
        self._held = True  # a second signal must not stop what the first one starts
        raise Interrupted(number)
