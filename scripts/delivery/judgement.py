"""The words in which a release is judged, as Argo Rollouts uses them."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any


class Verdict(enum.StrEnum):
    """What the evidence says about one step; Inconclusive is neither success nor failure."""

    PASSED = "Passed"
    FAILED = "Failed"
    INCONCLUSIVE = "Inconclusive"


class Outcome(enum.StrEnum):
    """How a release ended; what was handed over, somebody else took into his own hands."""

    PROMOTED = "Promoted"
    ROLLED_BACK = "RolledBack"
    HANDED_OVER = "HandedOver"


@dataclass(frozen=True)
class Finding:
    """What a judge makes of the evidence at one moment.

    Attributes:
        verdict: Inconclusive as long as the evidence says nothing yet.
        reason: one sentence for a person.
        numbers: what the verdict rests on.
    """

    verdict: Verdict
    reason: str
    numbers: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Judgement:
    """The verdict on one step and everything it rests on; all of it can be written as JSON.

    Attributes:
        step: what was judged, such as ``canary at 25 %``.
        verdict: Passed, Failed or Inconclusive.
        reason: one sentence for a person.
        query: what was asked of Prometheus, or of the gateway.
        samples: what came back, in order of time.
        numbers: what the judge made of it.
        started: Unix time when the judging began.
        ended: Unix time of the verdict.
    """

    step: str
    verdict: Verdict
    reason: str
    query: str
    samples: list[dict[str, Any]]
    numbers: dict[str, Any]
    started: float
    ended: float

    @property
    def successful(self) -> bool:
        """Tell whether the release may go on: only a Passed says so."""
        return self.verdict is Verdict.PASSED
