"""The analysis of one step: reads the gateways' counters after every scrape and asks the judge, until it decides.

Both sides come from the same scrapes of the same gateways. Proof of harm stands whatever happens to Prometheus after
it. Proof that all is well needs data of now: old ones, none of one version, or a clock that was set are neither success
nor failure.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cluster.errors import PrometheusError
from cluster.prometheus import Prometheus
from delivery.counters.gathering import Gathering
from delivery.counters.reading import Reading
from delivery.counters.sources import Selection
from delivery.counters.window import Window
from delivery.judge.contract import Judge
from delivery.judgement import Finding, Judgement, Verdict
from delivery.slo import Slo

__all__ = ["Analysis", "Window"]

# A scrape is seen at most this much later than it is there; what is asked for is small.
POLL = 0.1
# What came so many seconds before the first user met the new version tells what is normal.
BASELINE = 300.0
NOTHING = Finding(Verdict.INCONCLUSIVE, "no data: the gateway reports no requests of this service")

OnFinding = Callable[[Finding], None]
Watch = Callable[[], None]


class Analysis:
    """Judges the steps of the release of one service; what was read for one step need not be read again for the next.

    Args:
        prometheus: who has the gateways' counters.
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
        self._judge, self._slo = judge, slo
        self._reading = Reading(prometheus, Selection(namespace, slo.service), clock)
        self._clock, self._sleep = clock, sleep

    def run(self, window: Window, watch: Watch | None = None, on_finding: OnFinding | None = None) -> Judgement:
        """Look at every scrape until the judge decides, the deadline passes, or nothing was seen for too long.

        Args:
            window: the step.
            watch: is called before each look; what it raises ends the analysis.
            on_finding: is told of every finding that says something new.
        """
        started, begun = time.time(), self._clock()
        look = _Look(self._reading, self._judge, self._slo, window, self._clock)
        told = ""
        while True:
            if watch:
                watch()
            finding = look.again()
            if on_finding and finding.reason != told:
                on_finding(finding)
                told = finding.reason
            left = window.deadline - (self._clock() - begun)
            if finding.verdict is not Verdict.INCONCLUSIVE or look.ended or left <= 0:
                break
            self._sleep(min(POLL, left))
        return Judgement(
            step=window.step,
            verdict=finding.verdict,
            reason=finding.reason,
            query=self._reading.query,
            samples=look.samples,
            numbers=finding.numbers,
            started=started,
            ended=time.time(),
        )

    def prepare(self, probed: float, steady: float | None = None, deadline: float = 5.0) -> None:
        """Read what was before the first user meets the new version, so that nothing has to wait for it afterwards.

        Returns once every request of the release's own is behind a scrape, and, where the time before is what a switch
        is compared with, once that is as long as the objectives ask for; or at the deadline, and at once where there is
        nothing to be read.

        Args:
            probed: Unix time of the release's own last request to the new version, by Prometheus' clock.
            steady: Unix time since which the stable version has had all users; None if it stays to be compared with.
            deadline: seconds that this may take.
        """
        until = probed if steady is None else max(probed, steady + self._slo.analysis.baseline_seconds)
        begun = self._clock()
        while self._clock() - begun < deadline:
            try:
                self._reading.read(self._reading.now() - BASELINE)
            except PrometheusError:
                return
            if self._reading.newest >= until or math.isinf(self._reading.newest):
                return
            self._sleep(POLL)


class _Look:
    """The looks of one analysis at the counters."""

    def __init__(self, reading: Reading, judge: Judge, slo: Slo, window: Window, clock: Callable[[], float]) -> None:
        self._clock, self._sighted = clock, clock()
        self._reading, self._judge, self._slo, self._window = reading, judge, slo, window
        self._gathering: Gathering | None = None
        self._finding = NOTHING
        self.samples: list[dict[str, Any]] = []

    @property
    def ended(self) -> bool:
        """Tell whether looking on cannot change anything, or would leave users where nobody sees what they get."""
        return self._given_up() or (self._gathering is not None and bool(self._gathering.in_vain))

    def _given_up(self) -> bool:
        return self._clock() - self._sighted >= self._slo.analysis.blind_seconds

    def again(self) -> Finding:
        """Read what is new and judge; without new data the finding stays what it was."""
        try:
            self._gather()
            unseen = self._unseen()
        except PrometheusError as error:
            unseen = str(error)
        if unseen:
            long = f"; nothing was seen for {self._clock() - self._sighted:.0f} s" if self._given_up() else ""
            return self._held(f"{unseen}{long}")
        self._sighted = self._clock()
        missing = self._gathering.missing if self._gathering else ""
        return self._held(missing) if missing else self._finding

    def _gather(self) -> None:
        """Take in what is new, and judge if there is anything."""
        first = self._gathering is None
        new = self._reading.read(max(self._window.steady, self._window.shifts[0].asked - BASELINE))
        if first and self._reading.increases:
            self._gathering = Gathering(self._window, self._slo, self._reading.bounds, self._reading.increases)
        elif new and self._gathering:
            self._gathering.take(new)
        if self._gathering and (first or new):
            self._finding = self._judged(self._gathering)

    def _judged(self, gathering: Gathering) -> Finding:
        finding = self._judge.examine(gathering.evidence)
        self.samples.append({"time": round(self._reading.newest, 3), **_kept(finding.numbers)})
        if finding.verdict is Verdict.INCONCLUSIVE and gathering.in_vain:
            return replace(finding, reason=f"{finding.reason}; {gathering.in_vain}")
        return finding

    def _unseen(self) -> str:
        """Return why nobody knows what users get now, empty if it is known."""
        if self._gathering is None or math.isinf(self._reading.newest):
            return ""
        return self._reading.doubt(self._slo.analysis.stale_seconds)

    def _held(self, reason: str) -> Finding:
        if self._finding.verdict is Verdict.FAILED:
            return self._finding
        return Finding(Verdict.INCONCLUSIVE, f"hold: {reason}", self._finding.numbers)


def _kept(numbers: dict[str, Any]) -> dict[str, Any]:
    """Return what a report draws over time: both sides' counts and the odds for and against the new version."""
    return {key: numbers[key] for key in ("candidate", "reference", "harm", "proof") if key in numbers}
