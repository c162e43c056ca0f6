"""What happened in one drill, written down while it happens: read live by the console and in the end by the verdict."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import enum
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from drills.probes import EPOCH, Sample, Schedule
from drills.twins import Twin


@dataclass
class Step:
    """One thing that was done.

    Attributes:
        name: a verb of the rollout, or of the drill itself (stage, steady state, tail, go back, steady again).
        detail: what it was done with, in words.
        started_s: seconds since the drill started.
        finished_s: likewise; None while it goes on.
        weight: the release's share of the users from then on, in percent; None where the step does not change it.
    """

    name: str
    detail: str
    started_s: float
    finished_s: float | None = None
    weight: int | None = None


@dataclass(frozen=True)
class Finding:
    """One judgement of the analysis, as the report keeps it.

    Attributes:
        step: what was judged.
        at_s: seconds since the drill started.
        verdict: Passed, Failed or Inconclusive.
        reason: one sentence.
        query: what was asked of Prometheus, or sent as smoke requests.
        samples: what came back.
        numbers: what the judge made of it.
    """

    step: str
    at_s: float
    verdict: str
    reason: str
    query: Any
    samples: Any
    numbers: Any


class Watcher(Protocol):
    """Whoever is told of what happens; it must neither raise nor take time."""

    def began(self, step: Step) -> None:
        """Hear that a step began."""

    def ended(self, step: Step) -> None:
        """Hear that a step ended, well or not."""

    def judged(self, finding: Finding) -> None:
        """Hear of a judgement."""


@dataclass
class Record:
    """One drill as it goes on; times are seconds since `started`.

    Attributes:
        drill: name of the drill.
        twin: the release that was tried.
        service: the service under release.
        cluster: name of the cluster.
        hypothesis: what the drill claims.
        version: version the release answers with.
        rate: requests per second.
        stable: version that answered in the steady state, empty before that was seen.
        weights: share of the users each side gets at this moment, in percent; empty for a switch.
        samples: requests of the users, from the steady state before to the one after (grows).
        rejected: why the release never became ready, empty if it did.
        refused: why the rollout would not go on, empty if it would.
        unsteady: why the drill refused to start, empty if it did not.
        broken: what the drill claims of more than users, and did not hold: what was left behind, and the like.
        said: what a release in a process of its own said.
        troubled: what drills with trouble broke, one clause each; None where nothing was to break.
        error: why the drill could not be carried out, empty if it could.
        signal: number of the signal that interrupted the drill, 0 if none did.
        outcome: Promoted or RolledBack, empty before that.
        acted_s: when the method began.
        settled_s: when the method ended, so that one side should have all users.
        returning_s: when the way back began.
        returned_s: when it ended.
        schedule: how well the prober kept its rate, None if it never began.
        watchers: are told of every step and judgement.
    """

    drill: str
    twin: Twin
    service: str
    cluster: str
    hypothesis: str
    version: str
    rate: float
    started: float = field(default_factory=lambda: EPOCH + time.monotonic())
    stable: str = ""
    weights: dict[str, int] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    rejected: str = ""
    refused: str = ""
    unsteady: str = ""
    broken: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    troubled: list[str] | None = None
    error: str = ""
    signal: int = 0
    outcome: str = ""
    acted_s: float | None = None
    settled_s: float | None = None
    returning_s: float | None = None
    returned_s: float | None = None
    schedule: Schedule | None = None
    watchers: list[Watcher] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Return the name that reports and tables use."""
        return f"{self.drill}-{self.twin.name}"

    @property
    def started_at(self) -> str:
        """Return the start as ISO 8601 in UTC."""
        return datetime.datetime.fromtimestamp(self.started, datetime.UTC).isoformat(timespec="milliseconds")

    @property
    def requests(self) -> list[Sample]:
        """Return every request of the users so far, in the order in which they were due."""
        return sorted(self.samples, key=lambda sample: sample.scheduled)

    def now(self) -> float:
        """Return the seconds since the drill started."""
        return EPOCH + time.monotonic() - self.started

    def between(self, start: float | None, end: float | None) -> list[Sample]:
        """Return the requests that were due in a span of the drill; None is open."""
        low = self.started + (start if start is not None else float("-inf"))
        high = self.started + (end if end is not None else float("inf"))
        return [sample for sample in list(self.samples) if low <= sample.scheduled < high]

    @contextlib.contextmanager
    def step(self, name: str, detail: str = "", weight: int | None = None) -> Iterator[Step]:
        """Write down a step for as long as the block runs."""
        step = Step(name, detail, self.now(), weight=weight)
        self.steps.append(step)
        for watcher in self.watchers:
            watcher.began(step)
        try:
            yield step
        finally:
            step.finished_s = self.now()
            for watcher in self.watchers:
                watcher.ended(step)

    def find(self, judgement: Any) -> None:
        """Write down a judgement."""
        self.findings.append(
            Finding(
                step=judgement.step,
                at_s=self.now(),
                verdict=str(plain(judgement.verdict)),
                reason=judgement.reason,
                query=plain(judgement.query),
                samples=plain(judgement.samples),
                numbers=plain(judgement.numbers),
            )
        )
        for watcher in self.watchers:
            watcher.judged(self.findings[-1])

    @property
    def detected_s(self) -> float | None:
        """Return when the release was first found bad, None if it was not."""
        bad = [finding.at_s for finding in self.findings if finding.verdict == "Failed"]
        refused = [step.finished_s for step in self.steps if step.name == "start" and self.rejected]
        return min((at for at in [*bad, *refused] if at is not None), default=None)

    @property
    def exposed_s(self) -> float | None:
        """Return when the release was first put before anybody: users, or smoke requests before them."""
        exposing = [step.started_s for step in self.steps if step.name in ("verify", "shift", "switch")]
        started = [step.started_s for step in self.steps if step.name == "start"]
        return min(exposing or started, default=None)

    @property
    def time_to_detect_s(self) -> float | None:
        """Return the seconds from the first exposure to the judgement that found the release bad."""
        if self.detected_s is None or self.exposed_s is None:
            return None
        return self.detected_s - self.exposed_s

    @property
    def time_to_roll_back_s(self) -> float | None:
        """Return the seconds from that judgement to the moment when every user was back on stable."""
        if self.detected_s is None or self.settled_s is None or self.outcome != "RolledBack":
            return None
        return self.settled_s - self.detected_s


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it: enumerations by value, dataclasses as objects, the rest as text."""
    if isinstance(value, enum.Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
