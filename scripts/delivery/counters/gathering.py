"""All that is known of one step's release: blocks and baseline, kept up with what is read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from delivery.counters.baseline import measure
from delivery.counters.before import Before
from delivery.counters.beside import Beside
from delivery.counters.blocks import Blocks, Pairing
from delivery.counters.sources import CANARY, NOBODY, STABLE
from delivery.counters.tally import Increase
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
        self._present = _Present()
        self.take(increases)

    def take(self, increases: Iterable[Increase]) -> None:
        """Take in what was read next."""
        last = self._window.shifts[-1]
        for each in increases:
            if each.until > self._began:
                self._blocks.take(each)
            if each.since >= (last.time or last.asked):
                self._present.take(each, self._candidates)

    @property
    def evidence(self) -> Evidence:
        """Return all that is known for a judge."""
        return Evidence(tuple(self._blocks.closed), self.baseline, self._window.demand)

    @property
    def missing(self) -> str:
        """Return what has not been seen at the present weight and has to be, empty if nothing is missing."""
        lost = self._present.lost
        if not self._present.candidate and not self._pairing.spent:
            return f"no request of the new version was counted yet{f': {lost} reached no pod' if lost else ''}"
        if not self._present.stable and not self._window.at_once:
            return "no request of the stable version was counted to compare with"
        return ""

    @property
    def in_vain(self) -> str:
        """Return why nothing that comes can change what is known, empty as long as it can."""
        if self._pairing.spent:
            return "nothing is left of the time before the switch to compare with"
        return self.missing if self._present.lost >= STRANDED and not self._present.candidate else ""

    def _is_earlier(self, increase: Increase) -> bool:
        return increase.since >= self._window.steady and increase.until <= self._began

    def _measure(self, earlier: Sequence[Increase], bounds: set[float]) -> Baseline:
        tracks = None if self._window.at_once else [STABLE]
        return measure(earlier, tracks, bounds, self._slo)

    def _paired(self, earlier: Sequence[Increase]) -> Pairing:
        if self._window.at_once:
            return Before(self._began, self.baseline, earlier)
        return Beside(self._window.shifts, self.baseline, self._window.probed)


@dataclass
class _Present:
    """Requests at the present weight, as far as no request of another one can be among them."""

    candidate: int = 0
    stable: int = 0
    lost: int = 0

    def take(self, increase: Increase, candidates: Collection[str] | None) -> None:
        """Add what one gateway counted."""
        self.candidate += increase.of(candidates).requests
        self.stable += increase.of([STABLE]).requests
        self.lost += increase.of([NOBODY]).requests if candidates else 0
