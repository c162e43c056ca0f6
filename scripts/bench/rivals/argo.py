"""How Argo Rollouts judges a canary: an AnalysisRun in the background that measures once an interval.

Read in github.com/argoproj/argo-rollouts at commit 9f8d111 (August 2026):
- analysis/analysis.go (generateMetricTasks): the first measurement is taken at once, or after `initialDelay`; the next
  one an interval later, but after an error 10 s later (DefaultErrorRetryInterval).
- analysis/analysis.go (assessMetricFailureInconclusiveOrError): it fails with more failed measurements than
  `failureLimit`, 0 by default, and ends in error with more errors in a row than `consecutiveErrorLimit`, which is 4 by
  default (utils/defaults/defaults.go). It is inconclusive only where a failure condition is given beside the success
  condition and neither holds.
- rollout/analysis.go: failed and error both abort the rollout and send the users back; inconclusive pauses it.
- utils/evaluate/evaluate.go: a success condition that is false makes the measurement fail. One that cannot be
  evaluated, as `result[0]` of an empty answer, is an error. Not a number is not at least anything: a failure.
- docs/features/analysis.md: the example's success condition is a success rate of at least 95 %, from answers that are
  not 5xx over all. Without one good answer ever, the upper series does not exist and the answer is empty: an error.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.rivals.policy import Watched

ERROR_RETRY_SECONDS = 10
CONSECUTIVE_ERROR_LIMIT = 4
QUANTILE = 0.99


@dataclass(frozen=True)
class Argo:
    """An analysis that runs in the background from the moment the canary gets its first users.

    Attributes:
        interval: seconds between measurements.
        delay: seconds before the first one.
        failure_limit: failed measurements that it bears.
        success_percent: lowest success rate.
        duration_ms: highest 99th percentile, of a second metric that a careful team adds.
    """

    interval: int = 60
    delay: int = 0
    failure_limit: int = 0
    success_percent: float = 95.0
    duration_ms: float = 500.0

    @property
    def name(self) -> str:
        """See `Policy.name`."""
        return f"Argo {self.interval} s x {self.failure_limit + 1}{f' after {self.delay} s' if self.delay else ''}"

    def rolled_back(self, watched: Watched) -> int | None:
        """See `Policy.rolled_back`."""
        moment, failed, errors = self.delay, 0, 0
        while moment <= watched.seconds:
            passed = self.passes(watched, moment)
            errors = errors + 1 if passed is None else 0
            failed += passed is False
            if failed > self.failure_limit or errors > CONSECUTIVE_ERROR_LIMIT:
                return moment
            moment += ERROR_RETRY_SECONDS if passed is None else self.interval
        return None

    def passes(self, watched: Watched, moment: int) -> bool | None:
        """Tell whether a measurement is successful; None for an error."""
        success = watched.success_percent(moment, self.interval)
        if success is None:
            return None
        if not success >= self.success_percent:
            return False
        if not watched.timed:
            return True
        duration = watched.quantile_ms(QUANTILE, moment, self.interval)
        return None if duration is None else duration <= self.duration_ms
