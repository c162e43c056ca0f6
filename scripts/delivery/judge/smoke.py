"""The judge of smoke requests: each has to be answered, by the right version, and hardly any slowly."""

from __future__ import annotations

from collections.abc import Sequence

from delivery.judge.binomial import upper_tail
from delivery.judgement import Finding, Verdict
from delivery.slo import Slo
from delivery.smoke import Answer


def judge_smoke(slo: Slo, answers: Sequence[Answer], version: str) -> Finding:
    """Judge the answers to smoke requests, which should come from this version; no answer at all says nothing."""
    threshold = slo.objectives.latency.threshold_seconds
    slow = sum(answer.seconds > threshold for answer in answers)
    numbers = {"requests": len(answers), "slow": slow, "expected_version": version}
    if not answers:
        return Finding(Verdict.INCONCLUSIVE, "no smoke request was sent", numbers)
    if said := next((_complaint(answer, version) for answer in answers if _complaint(answer, version)), ""):
        return Finding(Verdict.FAILED, f"smoke request {said}", numbers)
    if upper_tail(slow, len(answers), slo.slow_budget) <= slo.analysis.alpha:
        limit = f"{threshold * 1000:g} ms"
        return Finding(Verdict.FAILED, f"{slow} of {len(answers)} smoke requests took over {limit}", numbers)
    return Finding(Verdict.PASSED, f"{len(answers)} smoke requests were answered by {version}", numbers)


def _complaint(answer: Answer, version: str) -> str:
    """Return what is wrong with the answer to a smoke request, empty if nothing is."""
    if not 200 <= answer.status < 300:
        return f"{answer.path}: {answer.said}"
    if answer.version != version:
        return f"{answer.path}: version {answer.version or '(none)'} answered instead of {version}"
    return ""
