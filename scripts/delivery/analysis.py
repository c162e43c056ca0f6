"""The analysis of one step: reads the gateway's counters after every scrape and asks the judge, until it decides.

Both sides come from the same answer of Prometheus, so from the same source at the same times. No data, old data and a
Prometheus that cannot be asked are neither success nor failure.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cluster.errors import PrometheusError
from cluster.prometheus import Prometheus
from delivery.counters.ledger import LOOKBACK, Counts, Evidence, Ledger, selector
from delivery.judge.plain import Judge
from delivery.judgement import Finding, Judgement, Verdict
from delivery.slo import Slo

CANARY = "canary"
STABLE = "stable"
# Half the interval of the scrapes: each is seen at most this much later.
POLL = 0.25
# Each reading overlaps the one before by this much, since rules are evaluated a moment after the time they are for.
OVERLAP = 2.0


@dataclass(frozen=True)
class Window:
    """What is compared.

    Attributes:
        step: what the judgement is about, such as ``canary at 25 %``.
        since: Unix time after which the new version's requests count, by Prometheus' clock; None for from now on.
        baseline: seconds before that whose requests are the reference; None takes the stable track beside the canary.
        deadline: seconds after which an undecided step is Inconclusive.
    """

    step: str
    since: float | None
    baseline: float | None
    deadline: float


class Analysis:
    """Judges steps of the release of one service.

    Args:
        prometheus: who has the gateway's counters.
        judge: who decides.
        slo: thresholds of the service.
        namespace: namespace of the service.
        clock: monotonic seconds.
        sleep: waits for the next scrape; there is no watch on Prometheus.
    """

    def __init__(
        self,
        prometheus: Prometheus,
        judge: Judge,
        slo: Slo,
        namespace: str,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._prometheus = prometheus
        self._judge = judge
        self._slo = slo
        self._selector = selector(namespace, slo.service)
        self._clock = clock
        self._sleep = sleep

    def run(
        self,
        window: Window,
        watch: Callable[[], None] = lambda: None,
        tell: Callable[[Finding], None] = lambda _finding: None,
    ) -> Judgement:
        """Look at every scrape until the judge decides or the deadline passes.

        Args:
            window: what is compared.
            watch: called before every look; it may raise what makes further looking pointless.
            tell: told what the judge says.
        """
        started, begun = time.time(), self._clock()
        look = _Look(self._prometheus, self._judge, self._slo, self._selector, window)
        fresh_at = begun
        while True:
            watch()
            finding = look.again()
            tell(finding)
            now = self._clock()
            fresh_at = now if look.fresh else fresh_at
            if finding.verdict is not Verdict.INCONCLUSIVE or now - begun >= window.deadline:
                break
            self._sleep(min(POLL, max(0.0, window.deadline - (now - begun))))
        age = self._clock() - fresh_at
        if finding.verdict is Verdict.INCONCLUSIVE and not look.trouble and age > self._slo.analysis.stale_seconds:
            finding = Finding(finding.verdict, f"no new data for {age:.1f} s; {finding.reason}", finding.numbers)
        return Judgement(
            step=window.step,
            verdict=finding.verdict,
            reason=finding.reason,
            query=look.query,
            samples=look.samples,
            numbers=finding.numbers,
            started=started,
            ended=time.time(),
        )


class _Look:
    """The looks of one analysis at the counters."""

    def __init__(self, prometheus: Prometheus, judge: Judge, slo: Slo, chosen: str, window: Window) -> None:
        self._prometheus, self._judge, self._slo, self._selector = prometheus, judge, slo, chosen
        self._window = window
        self._threshold = slo.objectives.latency.threshold_seconds
        self._looks = math.ceil(window.deadline / POLL) + 1
        self._after: Ledger | None = None
        self._before: Ledger | None = None
        self._finding = Finding(Verdict.INCONCLUSIVE, "no data: the gateway reports no requests of this service")
        self._fed = False
        self.query = f"{chosen}[{_milliseconds(LOOKBACK)}]"
        self.samples: list[dict[str, Any]] = []
        self.fresh = False
        self.trouble = ""

    def again(self) -> Finding:
        """Read what is new and judge; without new data the finding stays what it was."""
        self.fresh, self.trouble = False, ""
        try:
            self.fresh = self._read()
        except PrometheusError as error:
            self.trouble = str(error)
            return Finding(Verdict.INCONCLUSIVE, self.trouble, self._finding.numbers)
        if self.fresh and self._after is not None:
            self._finding = self._judged(self._after)
        return self._finding

    def _read(self) -> bool:
        now = self._prometheus.now()
        after = self._after or self._open(now)
        reach = OVERLAP if self._fed else LOOKBACK + (self._window.baseline or 0)
        self.query = f"{self._selector}[{_milliseconds(now - after.newest + reach)}]"
        series = self._prometheus.points(self.query)
        self._fed = self._fed or bool(series)
        if self._before is not None:
            self._before.feed(series)
        return after.feed(series)

    def _open(self, now: float) -> Ledger:
        """Begin to count, with the reference before it where there is none beside it."""
        since = now if self._window.since is None else self._window.since
        if self._window.baseline is not None:
            self._before = Ledger(since - self._window.baseline, until=since)
        self._after = Ledger(since)
        return self._after

    def _judged(self, after: Ledger) -> Finding:
        sides = self._sides(after)
        if sides is None:
            said = f"the gateway's histogram has no bound at {self._threshold:g} s: choose another threshold"
            return Finding(Verdict.INCONCLUSIVE, said)
        candidate, reference = sides
        at = {"time": round(after.newest, 3)}
        self.samples.append({**at, "candidate": candidate.as_dict(), "reference": reference.as_dict()})
        return self._judge.examine(Evidence(candidate, reference, after.seconds, self._looks))

    def _sides(self, after: Ledger) -> tuple[Counts, Counts] | None:
        if self._before is None:
            candidate = after.counts([CANARY], self._threshold)
            reference = after.counts([STABLE], self._threshold)
        else:
            candidate = after.counts(None, self._threshold)
            reference = self._before.counts(None, self._threshold)
        return None if candidate is None or reference is None else (candidate, reference)


def _milliseconds(span: float) -> str:
    return f"{max(1, math.ceil(span * 1000))}ms"
