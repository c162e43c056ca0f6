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
# How long a scrape may take to come before a release goes on without it.
PATIENCE = 5.0
NOTHING = Finding(Verdict.INCONCLUSIVE, "hold: nothing was read yet")

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
        """Look at every scrape until the judge decides or the deadline passes.

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
            if finding.verdict is not Verdict.INCONCLUSIVE or look.in_vain or left <= 0:
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

    def prepare(self, probed: float, steady: float | None = None) -> None:
        """Read what was before the first user meets the new version, so that nothing has to wait for it afterwards.

        Returns once every request of the release's own is behind a scrape, and, where the time before is what a switch
        is compared with, once that is as long as the objectives ask for, counted from when the users came; but at once
        where there is nothing to be read.

        Args:
            probed: Unix time of the release's own last request to the new version, by Prometheus' clock.
            steady: Unix time since which the stable version has had all users; None if it stays to be compared with.
        """
        until = probed
        try:
            begun = self._reading.now()
            while self._reading.now() < until + PATIENCE:
                self._reading.read(self._reading.now() - BASELINE)
                if steady is not None:
                    until = max(probed, self._came(steady, begun) + self._slo.analysis.baseline_seconds)
                if self._reading.newest >= until or math.isinf(self._reading.newest):
                    return
                self._sleep(POLL)
        except PrometheusError:
            return

    def _came(self, steady: float, begun: float) -> float:
        """Return since when there are users to compare with; without any, since these preparations began."""
        users = (each.since for each in self._reading.increases if each.of(None).requests)
        return max(steady, next(users, begun))


class _Look:
    """The looks of one analysis at the counters."""

    def __init__(self, reading: Reading, judge: Judge, slo: Slo, window: Window, clock: Callable[[], float]) -> None:
        self._reading, self._judge, self._slo, self._window = reading, judge, slo, window
        self._clock = clock
        self._seen = clock()
        self._gathering: Gathering | None = None
        self._finding = NOTHING
        self.samples: list[dict[str, Any]] = []

    @property
    def in_vain(self) -> bool:
        """Tell whether looking on changes nothing: all is known that can be, or nothing was to be seen for long."""
        known = self._gathering is not None and bool(self._gathering.in_vain)
        return known or self._clock() - self._seen >= self._slo.analysis.blind_seconds

    def again(self) -> Finding:
        """Read what is new and judge; without new data the finding stays what it was."""
        try:
            new = self._gather()
            doubt = self._reading.doubt(self._slo.analysis.stale_seconds)
        except PrometheusError as error:
            return self._held(str(error))
        if new and not doubt:
            self._seen = self._clock()
        if self._gathering:
            doubt = doubt or self._gathering.missing
        return self._held(doubt) if doubt else self._finding

    def _gather(self) -> bool:
        """Take in what is new, judge if there is anything, and tell whether there is."""
        new = self._reading.read(max(self._window.steady, self._window.shifts[0].asked - BASELINE))
        if self._gathering is None and self._reading.increases:
            new = self._reading.increases
            self._gathering = Gathering(self._window, self._slo, self._reading.bounds, new)
        elif self._gathering:
            self._gathering.take(new)
        if new and self._gathering:
            self._finding = self._judged(self._gathering)
        return bool(new)

    def _judged(self, gathering: Gathering) -> Finding:
        finding = self._judge.examine(gathering.evidence)
        self.samples.append({"time": round(self._reading.newest, 3), **_kept(finding.numbers)})
        if finding.verdict is Verdict.INCONCLUSIVE and gathering.in_vain:
            return replace(finding, reason=f"{finding.reason}; {gathering.in_vain}")
        return finding

    def _held(self, reason: str) -> Finding:
        """Return that nothing can be said now; harm that was proved before stays proved."""
        if self._finding.verdict is Verdict.FAILED:
            return self._finding
        blind = self._clock() - self._seen
        seen = f"; nothing was seen for {blind:.0f} s" if blind >= self._slo.analysis.blind_seconds else ""
        return Finding(Verdict.INCONCLUSIVE, f"hold: {reason}{seen}", self._finding.numbers)


def _kept(numbers: dict[str, Any]) -> dict[str, Any]:
    """Return what a report draws over time: both sides' counts and the odds for and against the new version."""
    return {key: numbers[key] for key in ("candidate", "reference", "harm", "proof") if key in numbers}
