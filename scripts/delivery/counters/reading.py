"""Reading what is new at the gateways, and whether it can be relied on."""

from __future__ import annotations

import math
from collections.abc import Callable

from cluster.prometheus import Prometheus
from delivery.counters.ledger import Ledger
from delivery.counters.sources import Selection
from delivery.counters.tally import Increase

# Each reading overlaps the one before by this much: a scrape has the time of its beginning, and is there at its end.
OVERLAP = 2.0
# A clock that is off by more than this after so short a time was set.
LEAP = 5.0


class Reading:
    """Reads the counters of one service's gateways for as long as its release goes on.

    Args:
        prometheus: who has them.
        selection: the series of the service.
        clock: monotonic seconds.
    """

    def __init__(self, prometheus: Prometheus, selection: Selection, clock: Callable[[], float]) -> None:
        self._prometheus, self._selection, self._clock = prometheus, selection, clock
        self._ledger = Ledger(selection)
        self._ahead: float | None = None
        self._leapt = 0.0
        self.query = f"{selection.selector}[{_milliseconds(OVERLAP)}]"

    @property
    def increases(self) -> list[Increase]:
        """Return everything that was counted, oldest first."""
        return self._ledger.increases

    @property
    def bounds(self) -> set[float]:
        """Return the bounds of the histogram in seconds."""
        return self._ledger.bounds

    @property
    def newest(self) -> float:
        """Return the time of the newest scrape, minus infinity before the first."""
        return self._ledger.newest

    def now(self) -> float:
        """Return the time by Prometheus' clock, as it was when it was first asked and has gone on since.

        Raises:
            PrometheusError: it does not tell.
        """
        if self._ahead is None:
            self._ahead = self._prometheus.now() - self._clock()
        return self._clock() + self._ahead

    def read(self, since: float) -> list[Increase]:
        """Return what is new; the first reading that finds anything reaches back to `since`, in Unix time.

        Raises:
            PrometheusError: it cannot be asked.
        """
        now = self.now()
        reach = now - since if math.isinf(self.newest) else now - self.newest + OVERLAP
        self.query = f"{self._selection.selector}[{_milliseconds(reach)}]"
        new = self._ledger.feed(self._prometheus.points(self.query))
        if new and abs(self.newest - now) > LEAP and not self._leapt:
            self._leapt = self._off(now)
        return new

    def doubt(self, stale: float) -> str:
        """Return why what was read is not to be relied on, empty if it is.

        Args:
            stale: seconds after which data are old.

        Raises:
            PrometheusError: it cannot be asked.
        """
        if math.isinf(self.newest):
            return "no data: the gateway reports no requests of this service"
        age = self.now() - self.newest
        if age > stale and not self._leapt:
            self._leapt = self._off(self.now())
        if self._leapt:
            way = "forward" if self._leapt > 0 else "back"
            return (
                f"Prometheus' clock was set {way} by {abs(self._leapt):.0f} s: nobody knows what came after the shift"
            )
        return f"no new data for {age:.1f} s" if age > stale else ""

    def _off(self, expected: float) -> float:
        """Return by how much Prometheus' clock was set since it was first asked, 0 if it was not."""
        off = self._prometheus.now() - expected
        return off if abs(off) > LEAP else 0.0


def _milliseconds(span: float) -> str:
    return f"{max(1, math.ceil(span * 1000))}ms"
