"""Canary: both versions at the same time. What is judged of an increase, where the weights were what they are.

While a change of the weights is under way requests of two weights are mixed, and to take them for one would make a
sound canary look bad: errors that both versions had after the change would stand beside requests that the stable one
answered before it. So a mix is marked as one, and never added to anything else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cluster.endpoints import PROPAGATION
from delivery.counters.sources import CANARY, STABLE
from delivery.counters.tally import Increase
from delivery.journal.shift import Shift
from delivery.judge.evidence import Baseline, Side

# By so much a proxy may be late with its histograms: times of requests from before a change come after it.
FLUSH = 1.0


@dataclass(frozen=True)
class Piece:
    """What one gateway counted between two scrapes, as it may be judged.

    Attributes:
        candidate: what the new version did.
        reference: what it is compared with.
        since: Unix time at which it begins.
        until: Unix time at which it ends.
        weight: share of the users on the new version, in percent; of a mix the larger one.
        mixed: whether the weight changed in between.
    """

    candidate: Side
    reference: Side
    since: float
    until: float
    weight: int
    mixed: bool


class Beside:
    """Picks what may be judged of a canary.

    Args:
        shifts: of the release, oldest first.
        baseline: how the latency classes are cut.
        probed: Unix time of the release's own last request to the canary; before it, not only users met it.
    """

    spent = False

    def __init__(self, shifts: Sequence[Shift], baseline: Baseline, probed: float) -> None:
        self._baseline, self._probed = baseline, probed
        self._spans = _spans(shifts)

    def piece(self, increase: Increase) -> Piece | None:
        """Return what may be judged of an increase, None if nothing."""
        weights = self._weights(increase, PROPAGATION)
        if not max(weights) or increase.since < self._probed:
            return None
        times = len(self._weights(increase, PROPAGATION + FLUSH)) == 1
        return Piece(
            candidate=increase.of([CANARY]).side(self._baseline.allowed, times=times),
            reference=increase.of([STABLE]).side(self._baseline.bounds, times=times),
            since=increase.since,
            until=increase.until,
            weight=max(weights),
            mixed=len(weights) > 1,
        )

    def _weights(self, increase: Increase, late: float) -> set[int]:
        """Return the weights that its requests may have had, if changes show up to so many seconds late."""
        return {weight for begin, end, weight in self._spans if increase.until > begin and increase.since < end + late}


def _spans(shifts: Sequence[Shift]) -> list[tuple[float, float, int]]:
    """Return from when to when each weight may have been there, nothing being the first.

    A shift of which nobody knows when it was carried out is over when one after it is.
    """
    weights = [0, *(shift.weight for shift in shifts)]
    begins = [-math.inf, *(shift.asked for shift in shifts)]
    ends = [next((later.time for later in shifts[place:] if later.time), math.inf) for place in range(len(weights))]
    return list(zip(begins, ends, weights, strict=True))
