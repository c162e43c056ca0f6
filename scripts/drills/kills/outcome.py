"""What became of one kill: what the users saw, and what was found on the cluster afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from drills.chaos.process import Ended
from drills.kills.spread import Kill
from drills.probes import Sample, Schedule
from drills.twins import PROMOTED, ROLLED_BACK

# What whoever resumes or aborts is told where the release died before it began, or after it had ended.
_NONE_OPEN = "is under way"


@dataclass(frozen=True)
class Seen:
    """What the users of one release saw.

    Attributes:
        requests: how many there were.
        failed: those that failed.
        blamed: as many of them as the faulty release itself answered.
        last: the versions that answered at the end, when the release was over.
        failed_last: how many failed there.
        errors: what the requests that were lost ended with, and how often.
    """

    requests: int
    failed: int
    blamed: int
    last: frozenset[str]
    failed_last: int
    errors: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, during: Sequence[Sample], last: Sequence[Sample], service: str, faulty: str) -> Seen:
        """Count samples.

        Args:
            during: from the beginning of the release on.
            last: when it was over.
            service: the service under release.
            faulty: version of the faulty release, empty if the release was sound.
        """
        failed = [sample for sample in during if sample.failed]
        blamed = [sample for sample in failed if faulty and sample.version == faulty]
        lost = Counter(sample.error or "" for sample in failed if sample not in blamed)
        ours = [sample for sample in last if sample.service == service]
        return cls(
            requests=len(during),
            failed=len(failed),
            blamed=len(blamed),
            last=frozenset(sample.version or "nobody" for sample in ours),
            failed_last=sum(sample.failed for sample in last),
            errors=dict(lost),
        )


@dataclass(frozen=True)
class Result:
    """How one kill ended.

    Attributes:
        kill: what was planned.
        died: the request at which the release was killed; empty if it ended before.
        outcome: Promoted or RolledBack, or empty where no release was open when somebody came.
        seen: what the users saw.
        old: version before the release.
        new: version of the release.
        left: what was left behind.
        trouble: why the release could not be ended, empty if it could.
        reason: the last word of who ended it.
        seconds: how long it took altogether.
    """

    kill: Kill
    died: str
    outcome: str
    seen: Seen
    old: str
    new: str
    left: list[str] = field(default_factory=list)
    trouble: str = ""
    reason: str = ""
    seconds: float = 0.0

    @property
    def complaints(self) -> list[str]:
        """Return everything that is wrong with it; empty if users ended on one sound version, with nothing left."""
        allowed = {self.old, self.new} if self.sound else {self.old}
        return [
            *([] if self.died else ["the release ended before it could be killed"]),
            *([self.trouble] if self.trouble else []),
            *([] if len(self.seen.last) == 1 and self.seen.last <= allowed else [f"users end on {self._last()}"]),
            *([f"{self.seen.failed_last} requests fail at the end"] if self.seen.failed_last else []),
            *([] if self.sound or self.outcome != PROMOTED else ["a faulty release was promoted"]),
            *(f"{each} was left behind" for each in self.left),
        ]

    @property
    def sound(self) -> bool:
        """Tell whether nothing was the matter with the release."""
        return self.kill.twin == "sound"

    def _last(self) -> str:
        return ", ".join(sorted(self.seen.last)) or "nothing"

    @property
    def lost(self) -> int:
        """Return how many requests failed that the faulty release did not answer itself."""
        return self.seen.failed - self.seen.blamed

    def __str__(self) -> str:
        ended = f"{self.outcome or 'nothing was open'}, users on {self._last()}, {self.lost} requests lost"
        ended += f", {self.seen.blamed} answered wrongly by the faulty release" if self.seen.blamed else ""
        wrong = f"; WRONG: {'; '.join(self.complaints)}" if self.complaints else ""
        elsewhere = f" (it was {self.died})" if self.died not in ("", self.kill.what) else ""
        return f"{self.kill}{elsewhere}: {ended}, {self.seconds:.1f} s{wrong}"

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        seen = {**asdict(self.seen), "last": sorted(self.seen.last)}
        return {**asdict(self), "seen": seen, "lost": self.lost, "complaints": self.complaints}


def outcome_of(ended: Ended) -> tuple[str, str]:
    """Return the outcome that a process tells of in its last line, and what kept it from one."""
    if ended.outcome:
        return ended.outcome, ""
    return ("", "") if _NONE_OPEN in ended.reason else ("", ended.reason)


def summary(results: Sequence[Result], planned: int, schedules: Sequence[Schedule]) -> list[str]:
    """Return the lines that say how a campaign came out."""
    good = [each for each in results if not each.complaints]
    left = sum(len(each.left) for each in results)
    lost = [each for each in results if each.lost]
    doubted = [each for each in results if each.kill.ending == "resume" and each.outcome == ROLLED_BACK and each.sound]
    outcomes = Counter(each.outcome or "nothing was open" for each in results)
    return [
        f"{len(good)} of {planned} releases that were killed ended on one sound version with nothing left behind"
        f" ({left} things left)",
        f"outcomes: {', '.join(f'{number} {name}' for name, number in sorted(outcomes.items())) or 'none'}",
        f"{sum(each.seen.requests for each in results)} requests of users: {sum(each.lost for each in results)} lost,"
        f" {sum(each.seen.blamed for each in results)} answered wrongly by faulty releases until they were taken back",
        *(f"sound and rolled back: {each.kill}: {each.reason}" for each in doubted),
        *(f"lost {each.lost}: {each.kill}: {each.seen.errors}" for each in lost),
        *(f"the prober did not keep its rate: {each.late} of {each.due} late" for each in schedules if not each.kept),
    ]
