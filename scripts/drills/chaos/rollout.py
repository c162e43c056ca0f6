"""A release in a process of its own, as drills speak to it: begun, killed, resumed, aborted; the record is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from types import SimpleNamespace
from typing import Any, Protocol

from delivery.errors import DeliveryError
from drills.chaos.process import Ended
from drills.chaos.rules import Event, Kill, Rule
from drills.chaos.told import Told, told
from drills.experiment import DrillError
from drills.observed import ALL, NOBODY
from drills.record import Record, Step
from drills.twins import ROLLED_BACK

# Once so far into a release the new version runs and can be reached.
_STARTED = "start"


class Process(Protocol):
    """One run of the release command."""

    def wait(self) -> Ended:
        """Wait until it has ended."""


class Releases(Protocol):
    """Runs the release command; `drills.chaos.process.Releases` is the real one."""

    service: str

    def release(self, image: str) -> list[str]:
        """Return the arguments that release an image."""

    def process(
        self,
        arguments: Sequence[str],
        rules: Sequence[Rule] = ...,
        hear: Callable[[str], None] = ...,
        on_event: Callable[[Event], None] = ...,
    ) -> AbstractContextManager[Process]:
        """Run the command behind a proxy with these rules."""


class ProcessRollout:
    """One release of one service, by one process after the other.

    Args:
        releases: runs the processes.
        record: of the drill.
    """

    def __init__(self, releases: Releases, record: Record) -> None:
        self._releases = releases
        self._record = record
        self._open = False
        self._running = False
        self._lock = threading.Lock()
        self._borne: dict[str, Step] = {}

    @property
    def running(self) -> bool:
        """Tell whether the new version once ran and was ready."""
        return self._running

    @property
    def open(self) -> bool:
        """Tell whether a release was begun and has not come to an end."""
        return self._open

    def release(self, image: str, *rules: Rule) -> str:
        """Release an image, and return the outcome; empty if a rule killed the process.

        Raises:
            DeliveryError: the release gave up.
            DrillError: it was to be killed, and ended before.
        """
        self._open = True
        return self._ended(self._run("release", self._releases.release(image), rules), rules)

    def resume(self, *rules: Rule) -> str:
        """Go on with a release whose process is dead; see `release`."""
        return self._ended(self._run("resume", ["resume", self._releases.service], rules), rules)

    def abort(self, reason: str) -> str:
        """Take a release back whose process is dead, or that nobody else ends.

        Raises:
            DeliveryError: that was refused.
        """
        ended = self._run("take back", ["abort", self._releases.service, "--reason", reason], ())
        if not ended.outcome:
            raise DeliveryError(ended.reason)
        return self._close(ended.outcome)

    def release_twice(self, image: str) -> str:
        """Begin two releases at once, and return the outcome of the one that went on."""
        self._open = True
        arguments = self._releases.release(image)
        with ExitStack() as stack, self._record.step("release", "two processes at once"):
            processes = [stack.enter_context(self._process(arguments, ())) for _ in range(2)]
            ended = [process.wait() for process in processes]
        self._record.broken.extend(_complaints(ended))
        carried = [each for each in ended if each.outcome]
        if not carried:
            raise DeliveryError("; ".join(each.reason for each in ended))
        return self._close(carried[0].outcome)

    # Inside

    def _run(self, name: str, arguments: Sequence[str], rules: Sequence[Rule]) -> Ended:
        with self._record.step(name, " ".join(arguments)), self._process(arguments, rules) as process:
            return process.wait()

    def _process(self, arguments: Sequence[str], rules: Sequence[Rule]) -> AbstractContextManager[Process]:
        return self._releases.process(arguments, rules, self._hear, self._notice)

    def _ended(self, ended: Ended, rules: Sequence[Rule]) -> str:
        if ended.killed:
            return ""
        if any(isinstance(rule.action, Kill) for rule in rules):
            raise DrillError(f"the release ended before it could be killed: {ended.reason}")
        if not ended.outcome:
            raise DeliveryError(ended.reason)
        if ended.outcome == ROLLED_BACK and not self._running:
            self._record.rejected = ended.reason
        return self._close(ended.outcome)

    def _close(self, outcome: str) -> str:
        self._open = False
        self._record.weights = {}
        return outcome

    def _notice(self, event: Event) -> None:
        """Write down what was done to a request, but what goes on only once: the report shows what the release bore."""
        if event.action is None:
            return
        with self._lock:
            name, now = type(event.action).__name__.lower(), self._record.now()
            key = f"{name} {event.request}"
            if key not in self._borne or isinstance(event.action, Kill):
                self._borne[key] = Step(name, str(event.request), now, now)
                self._record.steps.append(self._borne[key])
            self._borne[key].finished_s = now

    def _hear(self, line: str) -> None:
        with self._lock:
            self._record.said.append(line)
            step = told(line)
            if step is not None:
                self._take(step)

    def _take(self, step: Told) -> None:
        now, weight = self._record.now(), _weight(step)
        detail = str(step) if weight is None else _move(step, weight)
        self._record.steps.append(Step(step.name, detail, max(0.0, now - step.seconds), now, weight))
        self._running = self._running or (step.name == _STARTED and "error" not in step.details)
        if weight is not None:
            self._record.weights = {"stable": ALL - weight, "canary": weight}
        if "verdict" in step.details:
            self._record.find(_judgement(step))


def _weight(step: Told) -> int | None:
    if step.name == "shift":
        return int(step.details.get("canary", NOBODY))
    return {"switch": ALL, "abort": NOBODY}.get(step.name)


def _move(step: Told, weight: int) -> str:
    """Return where a step has led the users, in the words of drills whose release is in their own process."""
    if step.name == "abort":
        return str(step.details.get("reason", ""))
    return "all users to the preview" if step.name == "switch" else f"{weight} % of the users to the canary"


def _judgement(step: Told) -> Any:
    return SimpleNamespace(
        step=step.details.get("of", step.name),
        verdict=step.details["verdict"],
        reason=str(step.details.get("reason", "")),
        query="told by the release process",
        samples=[],
        numbers={},
    )


def _complaints(ended: Sequence[Ended]) -> list[str]:
    """Return what is wrong with how two releases that began at once have ended."""
    carried = [each for each in ended if each.outcome]
    if len(carried) != 1:
        return [f"{len(carried)} of {len(ended)} releases that began at once went on, not one"]
    [refused] = [each for each in ended if not each.outcome]
    if len(refused.complaints) != 1:
        return [f"the release that was refused said {len(refused.complaints)} lines, not one"]
    return []
