"""All that is known of one step's release: blocks and baseline, kept up with what is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from delivery.counters.baseline import measure
from delivery.counters.before import Before
from delivery.counters.beside import Beside
from delivery.counters.blocks import Blocks, Pairing
from delivery.counters.sources import CANARY, NOBODY, STABLE
from delivery.counters.tally import Increase, total
from delivery.counters.window import Window
from delivery.judge.evidence import Baseline, Evidence
from delivery.slo import Slo

# So many requests that reached no pod, and none that reached the new version, are no accident.
STRANDED = 5


class Gathering:
    """Turns increases into evidence.

    Args:
        window: the step.
        slo: thresholds of the service.
        bounds: of the gateway's histogram in seconds, as far as they are known.
        increases: everything that was read before.
    """

    def __init__(self, window: Window, slo: Slo, bounds: Iterable[float], increases: Sequence[Increase]) -> None:
        self._window, self._slo = window, slo
        self._began = window.shifts[0].asked
        self._candidates = None if window.at_once else [CANARY]
        earlier = [each for each in increases if self._is_earlier(each)]
        self.baseline = self._measure(earlier, set(bounds))
        self._pairing = self._paired(earlier)
        self._blocks = Blocks(self._pairing)
        self._seen: list[Increase] = []
        self.take(increases)

    def take(self, increases: Iterable[Increase]) -> None:
        """Take in what was read next."""
        for each in increases:
            if each.until > self._began:
                self._seen.append(each)
                self._blocks.take(each)

    @property
    def evidence(self) -> Evidence:
        """Return all that is known for a judge."""
        return Evidence(tuple(self._blocks.closed), self.baseline, self._window.demand)

    @property
    def missing(self) -> str:
        """Return what has not been seen at the present weight and has to be, empty if nothing is missing."""
        whole = total(each.of(self._candidates) for each in self._latest)
        if not whole.requests and not self._pairing.spent:
            lost = self._lost
            return f"no request of the new version was counted yet{f': {lost} reached no pod' if lost else ''}"
        if not self._window.at_once and not total(each.of([STABLE]) for each in self._latest).requests:
            return "no request of the stable version was counted to compare with"
        return ""

    @property
    def in_vain(self) -> str:
        """Return why nothing that comes can change what is known, empty as long as it can."""
        if self._pairing.spent:
            return "nothing is left of the time before the switch to compare with"
        return self.missing if self.missing and self._lost >= STRANDED else ""

    @property
    def _latest(self) -> list[Increase]:
        """Return what was counted since the last shift was carried out."""
        last = self._window.shifts[-1]
        return [each for each in self._seen if each.since >= (last.time or last.asked)]

    @property
    def _lost(self) -> int:
        return 0 if self._window.at_once else total(each.of([NOBODY]) for each in self._latest).requests

    def _is_earlier(self, increase: Increase) -> bool:
        return increase.since >= self._window.steady and increase.until <= self._began

    def _measure(self, earlier: Sequence[Increase], bounds: set[float]) -> Baseline:
        tracks = None if self._window.at_once else [STABLE]
        return measure(earlier, tracks, bounds, self._slo)

    def _paired(self, earlier: Sequence[Increase]) -> Pairing:
        if self._window.at_once:
            return Before(self._began, self.baseline, earlier)
        return Beside(self._window.shifts, self.baseline, self._window.probed)
