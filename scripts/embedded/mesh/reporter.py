"""Writes the mesh's problems as events: each once, and those that mend themselves only if they last."""

from __future__ import annotations

import time
from collections.abc import Callable

from embedded.events import EventRecorder
from embedded.mesh.problems import CANNOT_LISTEN, CONFLICT, UNKNOWN_REFERENCE, Problem, Problems

# Objects are applied one after the other: what one of them refers to may come a moment later.
_TRANSIENT = (UNKNOWN_REFERENCE, CANNOT_LISTEN, CONFLICT)
GRACE = 2.0


class Reporter:
    """Reports problems.

    Args:
        recorder: writes events.
        clock: seconds from any start.
    """

    def __init__(self, recorder: EventRecorder, clock: Callable[[], float] = time.monotonic) -> None:
        self._recorder = recorder
        self._clock = clock
        self._seen: dict[tuple[str, int, str, str], float] = {}
        self._reported: set[tuple[str, int, str, str]] = set()

    def report(self, problems: Problems) -> bool:
        """Write what is new and due; tell whether something waits to become due."""
        found = {problem.key: problem for problem in problems}
        self._seen = {key: self._seen.get(key, self._clock()) for key in found}
        self._reported = {key for key in self._reported if key[2] not in _TRANSIENT or key in found}
        waiting = False
        for key, problem in found.items():
            if key in self._reported:
                continue
            if self._due(problem):
                self._reported.add(key)
                self._recorder.warning(problem.about, problem.reason, problem.message)
            else:
                waiting = True
        return waiting

    def _due(self, problem: Problem) -> bool:
        return problem.reason not in _TRANSIENT or self._clock() - self._seen[problem.key] >= GRACE
