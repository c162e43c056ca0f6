"""The last two minutes, second by second: remembered while somebody looks, asked for when somebody comes."""

from __future__ import annotations

from collections import deque

from embedded.observatory.cluster_source import Object
from embedded.observatory.metrics_source import Metrics
from embedded.observatory.pages import traffic
from embedded.observatory.pages.focus import Focus

SECONDS = 120
# So long nobody looked, or Prometheus did not answer: it knows what was meanwhile.
_MISSED = 5
_DRAWN = ("rate", "errors", "p95")
_Point = dict[str, dict[str, float | None]]


class History:
    """The points that the page draws."""

    def __init__(self) -> None:
        self._of: tuple[str, ...] = ()
        self._points: deque[tuple[float, _Point]] = deque()

    async def keep(self, metrics: Metrics, focus: Focus, now: float, tallies: traffic.Tallies) -> None:
        """Add the present second; where nothing is known of the time before, ask for it.

        Raises:
            SourceError: Prometheus does not answer.
        """
        of = (focus.namespace, focus.service, focus.label)
        if of != self._of or not self._points or now - self._points[-1][0] > _MISSED:
            before = await traffic.lately(metrics, focus, now - SECONDS, now - 1)
            self._points, self._of = deque((time, _point(then)) for time, then in before.items()), of
        self._points.append((now, _point(tallies)))
        while self._points[0][0] < now - SECONDS:
            self._points.popleft()

    def drawn(self, focus: Focus) -> Object:
        """Return the times and, by side, the values at each of them; None where there was nothing."""
        sides = {
            side.name: {kind: [point.get(side.value, {}).get(kind) for _time, point in self._points] for kind in _DRAWN}
            for side in focus.sides
        }
        return {"seconds": SECONDS, "times": [round(time, 1) for time, _point in self._points], "sides": sides}


def _point(tallies: traffic.Tallies) -> _Point:
    return {side: tally.figures() for side, tally in tallies.items()}
