"""The ramp: the weights that a plan comes to under the traffic there is, and what each of them has to prove."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from delivery.judge.evidence import Demand
from delivery.planning.plan import Plan
from delivery.planning.traffic import Traffic
from delivery.slo import Margins, Slo

# More than this no step leaves unproven, however few requests the next one brings: half of the typical requests are
# slower than the median, so a greater share could not be told from all of them.
MOST = 0.45
# All users; after a switch there is no next weight.
ALL = 100


@dataclass(frozen=True)
class Ramp:
    """What was resolved when the release began; a release that is taken over goes on with it.

    Attributes:
        weights: shares of the users in percent, growing; (100,) where all users move at once.
        handful: requests that may be hurt between two looks.
        per_look: requests of both versions between two looks of the judge.
        deadline: seconds for each step.
    """

    weights: tuple[int, ...]
    handful: int
    per_look: float
    deadline: float

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Ramp:
        """Return the ramp that `as_dict` wrote down."""
        return cls(**{**data, "weights": tuple(data["weights"])})

    def as_dict(self) -> dict[str, Any]:
        """Return the ramp for the journal."""
        return {**asdict(self), "weights": list(self.weights)}

    def demand(self, weight: int, margins: Margins) -> Demand:
        """Return what the evidence has to exclude before the step after this weight.

        The next look must not hurt more than a handful, by errors or by answers beyond the objective. Answers that are
        slower within it hurt nobody yet. After the last weight all users follow, and the margins count, all of them.
        """
        following = next((each for each in self.weights if each > weight), None)
        if following is None:
            return Demand(**margins.model_dump())
        most = min(MOST, self.handful * ALL / (self.per_look * following))
        return Demand(max(margins.errors, most), max(margins.slow, most), typical=MOST, tail=MOST)


def resolve(plan: Plan, traffic: Traffic, slo: Slo, at_once: bool = False) -> Ramp:
    """Return the ramp of a plan under the traffic that was measured.

    Args:
        plan: what is wanted.
        traffic: what there is.
        slo: the objectives of the service.
        at_once: whether all users move together.
    """
    per_look = traffic.rate * traffic.look
    weights = (ALL,) if at_once else plan.weights or _grown(plan, per_look)
    return Ramp(tuple(weights), plan.handful, per_look, plan.deadline_seconds or slo.analysis.deadline_seconds)


def _grown(plan: Plan, per_look: float) -> tuple[int, ...]:
    """Return weights from a handful of requests to the last one, by even factors of at most the plan's."""
    first = min(plan.last, max(1, round(ALL * plan.handful / per_look)))
    steps = math.ceil(math.log(plan.last / first) / math.log(plan.factor))
    if steps == 0:
        return (first,)
    factor = (plan.last / first) ** (1 / steps)
    weights = [round(first * factor**step) for step in range(steps + 1)]
    return tuple(weight for weight, following in pairwise([*weights, ALL]) if weight < following)
