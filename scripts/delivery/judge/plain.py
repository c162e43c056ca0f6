"""The plain judge: is the new version worse than the stable one beside it, by more than the objectives allow?

It may be asked after every scrape. So that asking often does not wear alpha out, it is divided by the number of looks
that a step has at most (Bonferroni): a version that is within the margins and keeps its objectives fails a step with at
most that chance, as long as requests end badly independently of each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from delivery.counters.ledger import Counts, Evidence
from delivery.judgement import Finding, Verdict
from delivery.slo import Slo
from delivery.smoke import Answer
from delivery.statistics import upper_bound, upper_tail

# Errors and slowness are each tested against the stable version and against the objective.
TESTS = 4


class Judge(Protocol):
    """Whoever decides; a drill of the drills puts a blind one in its place."""

    def examine(self, evidence: Evidence) -> Finding:
        """Judge a step; Inconclusive asks for more evidence."""

    def smoke(self, answers: Sequence[Answer], version: str) -> Finding:
        """Judge the answers to smoke requests, which should come from this version."""


@dataclass(frozen=True)
class _Measure:
    """One way of being bad, on both sides."""

    name: str
    bad: int
    total: int
    reference_bad: int
    reference_total: int
    margin: float
    budget: float

    @property
    def share(self) -> float:
        return self.bad / self.total if self.total else 0.0

    @property
    def reference_share(self) -> float:
        return self.reference_bad / self.reference_total if self.reference_total else 0.0

    @property
    def within_margin(self) -> bool:
        return self.share <= self.reference_share + self.margin

    def is_worse(self, alpha: float) -> bool:
        """Test whether the share exceeds the reference's by more than the margin.

        Half of alpha pays for not knowing the reference's share, half for the new version's luck.
        """
        highest = upper_bound(self.reference_bad, self.reference_total, alpha / 2)
        return upper_tail(self.bad, self.total, highest + self.margin) <= alpha / 2

    def breaks_objective(self, alpha: float) -> bool:
        """Test whether the share exceeds its budget."""
        return upper_tail(self.bad, self.total, self.budget) <= alpha

    def __str__(self) -> str:
        return (
            f"{_percent(self.share)} of {self.total} requests {self.name}, on the stable side"
            f" {_percent(self.reference_share)} of {self.reference_total}"
        )


class PlainJudge:
    """Compares shares of bad requests with exact one-sided tests, and passes nothing on thin evidence.

    A broken objective fails the new version only where the stable one keeps it: if both break it, the cause is
    elsewhere, and the step stays Inconclusive until that is over.

    Args:
        slo: thresholds of the service.
    """

    def __init__(self, slo: Slo) -> None:
        self._slo = slo
        self._floor = slo.analysis.floor

    def examine(self, evidence: Evidence) -> Finding:
        """See `Judge.examine`."""
        alpha = self._slo.analysis.alpha / TESTS / evidence.looks
        measures = list(self._measures(evidence.candidate, evidence.reference))
        numbers = self._numbers(evidence, measures, alpha)
        if bad := self._why_failed(evidence, measures, alpha):
            return Finding(Verdict.FAILED, bad, numbers)
        if missing := self._why_not_yet(evidence, measures, alpha):
            return Finding(Verdict.INCONCLUSIVE, missing, numbers)
        return Finding(Verdict.PASSED, f"within the margins: {'; '.join(map(str, measures))}", numbers)

    def smoke(self, answers: Sequence[Answer], version: str) -> Finding:
        """See `Judge.smoke`."""
        slow = sum(answer.seconds > self._slo.objectives.latency.threshold_seconds for answer in answers)
        numbers = {"requests": len(answers), "slow": slow, "expected_version": version}
        if not answers:
            return Finding(Verdict.INCONCLUSIVE, "no smoke request was sent", numbers)
        if said := next((_complaint(answer, version) for answer in answers if _complaint(answer, version)), ""):
            return Finding(Verdict.FAILED, f"smoke request {said}", numbers)
        if upper_tail(slow, len(answers), self._slo.slow_budget) <= self._slo.analysis.alpha:
            limit = f"{self._slo.objectives.latency.threshold_seconds * 1000:g} ms"
            return Finding(Verdict.FAILED, f"{slow} of {len(answers)} smoke requests took over {limit}", numbers)
        return Finding(Verdict.PASSED, f"{len(answers)} smoke requests were answered by {version}", numbers)

    def _measures(self, new: Counts, old: Counts) -> Iterator[_Measure]:
        margins = self._slo.analysis.margins
        yield _Measure(
            "failed", new.errors, new.requests, old.errors, old.requests, margins.errors, self._slo.error_budget
        )
        slow = f"took over {self._slo.objectives.latency.threshold_seconds * 1000:g} ms"
        yield _Measure(slow, new.slow, new.timed, old.slow, old.timed, margins.slow, self._slo.slow_budget)

    def _why_failed(self, evidence: Evidence, measures: list[_Measure], alpha: float) -> str:
        for measure in measures:
            if measure.total < self._floor.requests_to_fail:
                continue
            if measure.reference_total >= self._floor.requests_to_fail and measure.is_worse(alpha):
                return f"worse by more than {_percent(measure.margin)}: {measure}"
            kept_by_reference = measure.reference_share <= measure.budget
            if self._reached(evidence) and kept_by_reference and measure.breaks_objective(alpha):
                return f"the objective allows {_percent(measure.budget)}: {measure}"
        return ""

    def _why_not_yet(self, evidence: Evidence, measures: list[_Measure], alpha: float) -> str:
        new, old, floor = evidence.candidate, evidence.reference, self._floor
        if min(new.requests, new.timed) < floor.requests:
            return f"{min(new.requests, new.timed)} of {floor.requests} requests of the new version were seen"
        if min(old.requests, old.timed) < floor.reference_requests:
            return (
                f"{min(old.requests, old.timed)} of {floor.reference_requests} requests of the stable version were seen"
            )
        if evidence.seconds < floor.seconds:
            return f"{evidence.seconds:.1f} of {floor.seconds:g} s were seen"
        for measure in measures:
            if not measure.within_margin:
                return f"beyond the margin of {_percent(measure.margin)}, but too little to be sure: {measure}"
            if measure.breaks_objective(alpha):
                return f"both versions break the objective of {_percent(measure.budget)}: {measure}"
        return ""

    def _reached(self, evidence: Evidence) -> bool:
        new, floor = evidence.candidate, self._floor
        return min(new.requests, new.timed) >= floor.requests and evidence.seconds >= floor.seconds

    def _numbers(self, evidence: Evidence, measures: list[_Measure], alpha: float) -> dict[str, Any]:
        return {
            "candidate": evidence.candidate.as_dict(),
            "reference": evidence.reference.as_dict(),
            "seconds": round(evidence.seconds, 3),
            "alpha_per_test": alpha,
            "margins": {"errors": measures[0].margin, "slow": measures[1].margin},
            "budgets": {"errors": measures[0].budget, "slow": measures[1].budget},
            "floor": self._floor.model_dump(),
        }


def _complaint(answer: Answer, version: str) -> str:
    """Return what is wrong with the answer to a smoke request, empty if nothing is."""
    if not 200 <= answer.status < 300:
        return f"{answer.path}: {answer.said}"
    if answer.version != version:
        return f"{answer.path}: version {answer.version or '(none)'} answered instead of {version}"
    return ""


def _percent(share: float) -> str:
    return f"{share * 100:.4g} %"
