"""All evidence of a release, weighed: what the verdict, its sentence and its numbers are made of."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from delivery.judge.evidence import Evidence
from delivery.judge.harm import Wealth
from delivery.judge.measures import Measure

# Errors and times are two bets, each of which may err with half of alpha.
KINDS = 2
# Odds beyond this are written as this: JSON knows no infinity, and nobody asks for more.
CERTAIN = 1e12


@dataclass(frozen=True)
class Weighed:
    """What all evidence amounts to at one moment.

    Attributes:
        evidence: what was weighed.
        measures: the ways of being bad, errors first.
        harm: wealth of the bets that the new version is worse, by kind.
        relief: wealth of the bets that the stable version fails more often.
        alpha: chance of ever rolling back a release that is no worse.
        beta: chance of passing a step whose version is beyond the demand.
    """

    evidence: Evidence
    measures: tuple[Measure, ...]
    harm: dict[str, Wealth]
    relief: Wealth
    alpha: float
    beta: float

    @property
    def harmed(self) -> str:
        """Return the kind of harm that is beyond doubt, empty if there is none."""
        return next((kind for kind, wealth in self.harm.items() if wealth.reached(self.alpha / KINDS)), "")

    @property
    def relieved(self) -> bool:
        """Tell whether the stable version is beyond doubt the one that fails more often."""
        return self.relief.reached(self.alpha / KINDS)

    @property
    def weakest(self) -> Measure:
        """Return the measure that is proved least."""
        return min(self.measures, key=lambda measure: measure.log_proof)

    @property
    def proved(self) -> bool:
        """Tell whether every measure is proved to be within the demand."""
        return self.weakest.log_proof >= -math.log(self.beta)

    @property
    def numbers(self) -> dict[str, Any]:
        """Return everything as JSON takes it."""
        return {
            "candidate": self._side(0),
            "reference": self._side(1),
            "blocks": len(self.evidence.blocks),
            "seconds": self._seconds,
            "harm": {kind: odds(wealth.highest) for kind, wealth in self.harm.items()},
            "harm_now": {kind: odds(wealth.log) for kind, wealth in self.harm.items()},
            "harm_at": KINDS / self.alpha,
            "relief": odds(self.relief.highest),
            "proof": {measure.name: odds(measure.log_proof) for measure in self.measures},
            "proof_at": 1 / self.beta,
            "demand": asdict(self.evidence.demand),
            "dispersion": round(self.evidence.baseline.dispersion, 3),
            "slow_dispersion": round(self.evidence.baseline.slow_dispersion, 3),
            "bad_is": {measure.name: f"requests that {measure.words}" for measure in self.measures},
        }

    @property
    def _seconds(self) -> float:
        blocks = self.evidence.blocks
        return round(blocks[-1].until - blocks[0].since, 3) if blocks else 0.0

    def _side(self, side: int) -> dict[str, Any]:
        """Return the counts of one version: 0 is the new one, 1 the stable one."""
        errors, *timed = (measure.totals[side] for measure in self.measures)
        counts = {"requests": errors[1], "errors": errors[0], "timed": timed[0][1]}
        slower = {measure.name: bad for measure, (bad, _) in zip(self.measures[1:], timed, strict=True)}
        shares = {"error_share": _share(*errors), "slow_share": _share(*timed[0])}
        return {**counts, **slower, **shares}


def odds(log: float) -> float:
    """Return odds to 1 from their logarithm, to four figures, 1e12 at most."""
    return float(f"{math.exp(min(log, math.log(CERTAIN))):.4g}")


def _share(bad: int, requests: int) -> float:
    return round(bad / requests, 6) if requests else 0.0
