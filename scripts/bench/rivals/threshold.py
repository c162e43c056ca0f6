"""A fixed-interval threshold policy for real releases: the rules of `rivals.flagger` in the shape of a judge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.rivals.flagger import QUANTILE, Flagger
from bench.rivals.policy import interpolated
from delivery.judge.evidence import Block, Evidence
from delivery.judgement import Finding, Verdict
from delivery.smoke import Answer

# The weights of Flagger's examples: ten more at each good look, up to half of the users.
WEIGHTS = (10, 20, 30, 40, 50)


class ThresholdJudge:
    """Looks once an interval, lets the release go on after a good look, and rolls it back after so many bad ones.

    It remembers which looks it has answered, so it is of use for one release in one process.

    Args:
        rules: interval, threshold and limits; the windows are as long as the interval.
    """

    def __init__(self, rules: Flagger) -> None:
        self._rules = rules
        self._answered = 0

    def examine(self, evidence: Evidence) -> Finding:
        """Judge the looks that are due by now; between two of them it is Inconclusive."""
        checks = [self._passes(window, evidence.baseline.bounds) for window in self._windows(evidence.blocks)]
        failed = checks.count(False)
        numbers = {"looks": len(checks), "failed": failed}
        # The look after the last check that it bears rolls back before it checks anything.
        if checks[:-1].count(False) >= self._rules.threshold:
            return Finding(Verdict.FAILED, f"{failed} of {len(checks)} looks were beyond the thresholds", numbers)
        if len(checks) > self._answered:
            self._answered = len(checks)
            if checks[-1]:
                return Finding(Verdict.PASSED, f"look {len(checks)} kept the thresholds", numbers)
        return Finding(Verdict.INCONCLUSIVE, f"{len(checks)} looks, {failed} beyond the thresholds", numbers)

    def smoke(self, answers: Sequence[Answer], version: str) -> Finding:
        """See `Judge.smoke`: it asks nothing before users do."""
        return Finding(Verdict.PASSED, f"{len(answers)} answers of {version} were not looked at")

    def _windows(self, blocks: tuple[Block, ...]) -> Iterable[list[Block]]:
        """Yield the blocks of each interval that is over."""
        if not blocks:
            return
        begin, interval = blocks[0].since, self._rules.interval
        for look in range(1, int((blocks[-1].until - begin) // interval) + 1):
            low, high = begin + (look - 1) * interval, begin + look * interval
            yield [block for block in blocks if low < block.until <= high]

    def _passes(self, window: list[Block], bounds: Sequence[float]) -> bool:
        requests = sum(block.candidate.requests for block in window)
        failed = sum(block.candidate.errors for block in window)
        if failed == requests or 100 * (requests - failed) / requests < self._rules.success_percent:
            return False
        timed = [
            sum(classes) for classes in zip(*(b.candidate.timed for b in window if b.candidate.timed), strict=True)
        ]
        return not any(timed) or 1000 * interpolated(QUANTILE, timed, bounds) <= self._rules.duration_ms
