"""How Flagger judges a canary: fixed thresholds, looked at once an interval, and failed looks that add up.

Read in github.com/fluxcd/flagger at commit 15bd6ad (July 2026):
- pkg/apis/flagger/v1beta1/canary.go: the interval is 60 s by default and at least 10 s; the threshold, which is a
  number of failed checks, is 1 by default; the window of a metric is 1 minute unless the metric says otherwise.
- pkg/controller/job.go: one look each time a ticker of the interval fires.
- pkg/controller/scheduler.go (advanceCanary): a look first asks whether so many checks have failed as the threshold
  says, and rolls back then; only afterwards does it check the metrics. So the way back begins one interval after the
  last failed check. Failed checks add up over the whole release: a good look takes none of them away. The first look
  sets the first weight and checks nothing.
- pkg/controller/scheduler_metrics.go (runBuiltinMetricChecks): a check fails if the success rate is below the minimum
  or the request duration above the maximum. Without a value (also: not a number) it fails too.
- pkg/metrics/observers/istio.go: the success rate is that of the rate of answers that are not 5xx over the rate of
  all; the duration is the 99th percentile of the histogram, cut to whole milliseconds. Without one good answer ever,
  the upper series does not exist, and so there is no value.
- The thresholds of its documentation's examples: success rate at least 99 %, duration at most 500 ms.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.rivals.policy import Watched

QUANTILE = 0.99


@dataclass(frozen=True)
class Flagger:
    """A canary of Flagger that has reached its weight.

    Attributes:
        interval: seconds between looks.
        threshold: failed checks before it rolls back.
        window: seconds that its queries look back.
        success_percent: lowest success rate.
        duration_ms: highest 99th percentile.
    """

    interval: int = 60
    threshold: int = 1
    window: int = 60
    success_percent: float = 99.0
    duration_ms: float = 500.0

    @property
    def name(self) -> str:
        """See `Policy.name`."""
        windows = "" if self.window == Flagger.window else f", {self.window} s windows"
        return f"Flagger {self.interval} s x {self.threshold}{windows}"

    def rolled_back(self, watched: Watched) -> int | None:
        """See `Policy.rolled_back`."""
        failed = 0
        for look in range(self.interval, watched.seconds + 1, self.interval):
            if failed >= self.threshold:
                return look
            failed += not self.passes(watched, look)
        return None

    def passes(self, watched: Watched, look: int) -> bool:
        """Tell whether a check of all metrics passes."""
        success = watched.success_percent(look, self.window)
        # Not a number is not at least anything.
        if success is None or not success >= self.success_percent:
            return False
        if not watched.timed:
            return True
        duration = watched.quantile_ms(QUANTILE, look, self.window)
        return duration is not None and int(duration) <= self.duration_ms
