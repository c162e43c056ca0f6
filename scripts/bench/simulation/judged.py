"""The judge of this project, asked about simulated traffic after every scrape, as the release asks it."""

from __future__ import annotations

import bisect
from dataclasses import dataclass

from bench.simulation.evidence import blocks
from bench.simulation.world import Counts
from delivery.judge.bets import on_errors
from delivery.judge.contract import Judge
from delivery.judge.evidence import Baseline, Block, Demand, Evidence
from delivery.judge.harm import Wealth
from delivery.judgement import Verdict

NOTHING_PROVED = Demand(0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Asked:
    """A release that the judge watches at one weight.

    Attributes:
        judge: who is asked.
        baseline: of the stable version.
        weight: share of the users on the new version, in percent.
    """

    judge: Judge
    baseline: Baseline
    weight: int

    def rolled_back(self, candidate: Counts, reference: Counts, at_the_end: bool = False) -> int | None:
        """Return the second at whose end the judge first says roll back, None if it never does.

        Once it has said so it goes on saying so, since what counts is the highest that the evidence of harm ever was.
        So not every look has to be simulated: ever longer evidence is shown, and then the first second searched.

        Args:
            candidate: counts of the new version by second and class, failed last.
            reference: the stable version's.
            at_the_end: show all of it at once, which is quicker where a roll back is not to be expected.
        """
        seconds = len(candidate)
        shown = seconds if at_the_end else 1
        seen: list[Block] = []
        while True:
            shown = min(shown, seconds)
            more = slice(len(seen), shown)
            seen += blocks(candidate[more], reference[more], self.baseline, [self.weight] * shown, len(seen))
            if self._harmed(seen, shown):
                return 1 + bisect.bisect_left(range(1, shown), True, key=lambda look: self._harmed(seen, look))
            if shown == seconds:
                return None
            shown *= 2

    def _harmed(self, seen: list[Block], look: int) -> bool:
        evidence = Evidence(tuple(seen[:look]), self.baseline, NOTHING_PROVED)
        return self.judge.examine(evidence).verdict is Verdict.FAILED


def errors_alone(candidate: Counts, reference: Counts, alpha: float) -> int | None:
    """Return the same for the judge's bets on errors alone, which then have all of alpha.

    Args:
        candidate: counts of the new version by second and class, failed last.
        reference: the stable version's.
        alpha: chance of ever rolling back a release that is no worse.
    """
    wealth = Wealth(on_errors())
    for second, (new, old) in enumerate(zip(_outcomes(candidate), _outcomes(reference), strict=True)):
        wealth.block(new, old)
        if wealth.reached(alpha):
            return second + 1
    return None


def _outcomes(counts: Counts) -> list[tuple[int, int]]:
    return [(int(row[:-1].sum()), int(row[-1])) for row in counts]
