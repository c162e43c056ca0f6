"""The judge: bets on harm, bets against harm, and three answers.

Roll back (Failed) once either wealth, of the bets on errors or of those on times, has reached 2/alpha at any block:
the chance that this ever happens to a release that is no worse is at most alpha. Pass a step once the odds against a
new version beyond the demand have reached 1/beta for every measure. Hold (Inconclusive) otherwise. Nothing is
remembered: every look weighs all blocks of the release anew, so whoever resumes it knows as much as who began it.
"""

from __future__ import annotations

from collections.abc import Sequence

from delivery.judge import sentences
from delivery.judge.bets import on_errors, on_latency
from delivery.judge.evidence import Evidence, Side
from delivery.judge.harm import Wealth
from delivery.judge.measures import measures, times, times_answered
from delivery.judge.smoke import judge_smoke
from delivery.judge.tempering import of_comparison
from delivery.judge.weighed import Weighed
from delivery.judgement import Finding, Verdict
from delivery.slo import Slo
from delivery.smoke import Answer


class SequentialJudge:
    """Weighs all evidence of a release at every look, as often as anybody likes.

    Args:
        slo: thresholds of the service.
    """

    def __init__(self, slo: Slo) -> None:
        self._slo = slo

    def examine(self, evidence: Evidence) -> Finding:
        """See `contract.Judge.examine`."""
        try:
            weighed = self._weigh(evidence)
        except ValueError as error:
            return Finding(Verdict.INCONCLUSIVE, f"hold: {error}")
        if kind := weighed.harmed:
            return Finding(Verdict.FAILED, sentences.harm(weighed, kind), weighed.numbers)
        if weighed.proved:
            return Finding(Verdict.PASSED, sentences.proof(weighed), weighed.numbers)
        return Finding(Verdict.INCONCLUSIVE, sentences.hold(weighed), weighed.numbers)

    def smoke(self, answers: Sequence[Answer], version: str) -> Finding:
        """See `contract.Judge.smoke`."""
        return judge_smoke(self._slo, answers, version)

    def _weigh(self, evidence: Evidence) -> Weighed:
        analysis = self._slo.analysis
        threshold = self._slo.objectives.latency.threshold_seconds
        return Weighed(
            evidence,
            tuple(measures(evidence, threshold)),
            harm=_harm(evidence),
            relief=_relief(evidence),
            alpha=analysis.alpha,
            beta=analysis.beta,
        )


def _harm(evidence: Evidence) -> dict[str, Wealth]:
    """Return the wealth of the bets that the new version is worse, on errors and on times."""
    baseline = evidence.baseline
    errors, latency = Wealth(on_errors()), Wealth(on_latency(baseline))
    for block in evidence.blocks:
        new, old = block.candidate, block.reference
        tempering = of_comparison(baseline.dispersion, block.weight)
        if block.mixed:
            errors.mixed_block(_outcomes(new), _outcomes(old), block.weight / 100, tempering)
            continue
        errors.block(_outcomes(new), _outcomes(old), tempering)
        latency.block(times(new, baseline), times_answered(old, baseline))
    return {"errors": errors, "latency": latency}


def _relief(evidence: Evidence) -> Wealth:
    """Return the wealth of the bets that the stable version fails more often: the same, with the labels swapped."""
    wealth = Wealth(on_errors())
    for block in evidence.blocks:
        tempering = of_comparison(evidence.baseline.dispersion, block.weight)
        if not block.mixed:
            wealth.block(_outcomes(block.reference), _outcomes(block.candidate), tempering)
    return wealth


def _outcomes(side: Side) -> tuple[int, int]:
    return side.requests - side.errors, side.errors
