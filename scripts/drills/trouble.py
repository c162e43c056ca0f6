"""Trouble in the world around a release: what breaks, and at which step of the release it does.

A drill that is also a `Trouble` says what happens before or during which step; the release itself is not told.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any, NamedTuple

VERBS = frozenset({"start", "verify", "shift", "switch", "analysis", "promote", "abort"})
# What breaks during a step is over soon after it; nobody waits longer for it to be.
JOIN_SECONDS = 60.0


class TroubleError(Exception):
    """What should have broken could not be broken: nothing was learned; the message is one line."""


class Moment(NamedTuple):
    """A step of the release, as a drill counts them: ``Moment("analysis", 2)`` is the second analysis."""

    step: str
    number: int = 1


class Trouble:
    """What a drill on the world adds to its method; each part does nothing unless the drill says so.

    The world is given as `drills.chaos.world.World`; here it may be anything, so that the engine knows no cluster.
    """

    def before(self, world: Any, at: Moment) -> None:
        """Break something before a step; the step waits for it."""

    def during(self, world: Any, at: Moment) -> None:
        """Break something while a step goes on."""

    def afterwards(self, world: Any) -> str:
        """Return what is wrong with the world after the release, empty if nothing is."""
        del world
        return ""


class TroubledRollout:
    """Passes every verb on, and lets the drill break the world before it and meanwhile.

    Args:
        rollout: the real one.
        drill: says what breaks.
        world: what it breaks.
    """

    def __init__(self, rollout: Any, drill: Trouble, world: Any) -> None:
        self._rollout = rollout
        self._drill = drill
        self._world = world
        self._counted: Counter[str] = Counter()
        self._threads: list[threading.Thread] = []
        self._errors: list[str] = []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._rollout, name)
        return self._troubled(name, found) if name in VERBS else found

    def settle(self) -> None:
        """Wait until nothing breaks any more.

        Raises:
            TroubleError: something could not be broken.
        """
        for thread in self._threads:
            thread.join(JOIN_SECONDS)
        if self._errors:
            raise TroubleError(self._errors[0])

    def _troubled(self, name: str, verb: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            self._counted[name] += 1
            moment = Moment(name, self._counted[name])
            self._break(self._drill.before, moment)
            if self._errors:
                raise TroubleError(self._errors[0])
            self._meanwhile(moment)
            return verb(*arguments, **options)

        return call

    def _meanwhile(self, moment: Moment) -> None:
        thread = threading.Thread(target=self._break, args=(self._drill.during, moment), name="trouble", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _break(self, part: Any, moment: Moment) -> None:
        try:
            part(self._world, moment)
        except Exception as error:  # noqa: BLE001 - it may come from a thread, and is raised again where it is heard
            self._errors.append(f"{type(error).__name__}: {' '.join(str(error).split())}")
