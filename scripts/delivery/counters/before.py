"""Blue-green: the new version after the switch, beside the old one in as many scrapes before it.

What the switch itself falls into is counted to the new version as a whole: requests that the old one still answered
make it look no worse than it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from delivery.counters.beside import Piece
from delivery.counters.tally import Increase
from delivery.judge.evidence import Baseline, Side


class Before:
    """Pairs what came after a switch with what was before it; each of the latter serves once, the newest first.

    Args:
        asked: Unix time of the switch.
        baseline: how the latency classes are cut.
        earlier: increases that are known, in order of time, from when on the old version had all users undisturbed.
    """

    def __init__(self, asked: float, baseline: Baseline, earlier: Sequence[Increase]) -> None:
        self._asked, self._baseline = asked, baseline
        self._left: dict[str, list[Side]] = defaultdict(list)
        self.spent = False
        for each in earlier:
            if each.until <= asked:
                self._left[each.gateway].append(each.of(None).side(baseline.bounds))

    def piece(self, increase: Increase) -> Piece | None:
        """Return what may be judged of an increase, None if nothing is left to compare it with."""
        if increase.until <= self._asked:
            return None
        left = self._left[increase.gateway] or max(self._left.values(), key=len)
        if not left:
            self.spent = True
            return None
        candidate = increase.of(None).side(self._baseline.allowed)
        return Piece(candidate, left.pop(), increase.since, increase.until, 100, mixed=False)
