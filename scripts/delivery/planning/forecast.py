"""How a version would fare on a ramp: walked as if its requests came exactly as often as they do on average.

A step ends with its proof of safety, or the release ends with the evidence of harm. How long both take follows from how
much a request tells (see `delivery.planning.information`), times what a judge needs beyond that bound who does not know
the shares beforehand.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from delivery.judge.evidence import Demand
from delivery.planning.information import Pair, harm, safety
from delivery.planning.ramp import ALL, Ramp
from delivery.planning.traffic import Traffic
from delivery.slo import Slo

# What the judge needs beyond the bounds in the mean, and how much longer than the mean nine releases in ten take at
# most; tests hold all of them against simulated releases.
BEYOND_HARM = 1.6
BEYOND_SAFETY = 1.4
SPREAD = 1.8
# Errors and latency are judged apart, each with half of alpha.
KINDS = 2
# No error among the requests of half a minute does not mean that there never is one.
LEAST_ERRORS = 1e-4
# By definition: half of the requests are slower than the median, one in a hundred slower than 99 of them.
TYPICAL, TAIL = 0.5, 0.01


@dataclass(frozen=True)
class Mix:
    """What comes between two looks of the judge.

    Attributes:
        weight: share of the users on the new version, in percent.
        new: requests of the new version.
        stable: requests that it is compared with: beside it, or after a switch as many from before.
    """

    weight: int
    new: float
    stable: float

    @property
    def part(self) -> float:
        """Return the new version's part of these requests."""
        return self.new / self.requests

    @property
    def requests(self) -> float:
        """Return all that are judged."""
        return self.new + self.stable


@dataclass(frozen=True)
class Step:
    """One weight on the way.

    Attributes:
        mix: what comes between two looks.
        looks: how many of them the proof of safety takes; infinite if there will be none.
    """

    mix: Mix
    looks: float


@dataclass(frozen=True)
class Discovery:
    """How a version with errors would be found.

    Attributes:
        errors: share of its requests that fail.
        weight: the weight at which it is found, in percent of the users; None if it would be promoted.
        seconds: from its first user until then.
        requests: that it got by then.
    """

    errors: float
    weight: int | None
    seconds: float
    requests: float

    @property
    def hurt(self) -> float:
        """Return how many requests fail until then."""
        return self.errors * self.requests


class Forecast:
    """What is to be expected of a release.

    Args:
        ramp: the weights, and what they have to prove.
        traffic: what was measured.
        slo: the objectives of the service.
    """

    def __init__(self, ramp: Ramp, traffic: Traffic, slo: Slo) -> None:
        self._ramp, self._slo = ramp, slo
        self._look = traffic.look
        self._stable = max(traffic.errors, LEAST_ERRORS)

    @property
    def stable_errors(self) -> float:
        """Return the share of errors that the stable version is taken to have."""
        return self._stable

    @cached_property
    def sound(self) -> list[Step]:
        """Return the steps of a version that is no worse than the stable one."""
        return list(self._walk(self._stable))

    def discovery(self, errors: float) -> Discovery:
        """Return where the evidence of harm is complete, on the way through the steps that such a version passes."""
        needed = BEYOND_HARM * math.log(KINDS / self._slo.analysis.alpha)
        seen = passed = requests = 0.0
        for step in self._walk(errors):
            each = harm(Pair(errors, self._stable, step.mix.part)) * step.mix.requests
            looks = max(1, math.ceil((needed - seen) / each)) if each else math.inf
            if looks <= step.looks < math.inf or looks < math.inf == step.looks:
                requests += looks * step.mix.new
                return Discovery(errors, step.mix.weight, (passed + looks) * self._look, requests)
            if step.looks == math.inf:
                break
            passed, requests, seen = passed + step.looks, requests + step.looks * step.mix.new, seen + step.looks * each
        return Discovery(errors, None, math.inf, requests)

    def _walk(self, errors: float) -> Iterator[Step]:
        """Yield the steps of a version with this share of errors, the first one that it cannot pass as the last.

        What was seen at earlier weights counts for later proofs too.
        """
        passed: list[Step] = []
        for weight in self._ramp.weights:
            step = self._step(weight, errors, passed)
            yield step
            if step.looks == math.inf:
                return
            passed.append(step)

    def _step(self, weight: int, errors: float, passed: Sequence[Step]) -> Step:
        mix = self._mix(weight)
        demand = self._ramp.demand(weight, self._slo.analysis.margins)
        needed = BEYOND_SAFETY * math.log(1 / self._slo.analysis.beta)
        return Step(mix, max(_looks(needed, mix, passed, *each) for each in self._measures(errors, demand)))

    def _mix(self, weight: int) -> Mix:
        new = self._ramp.per_look * weight / ALL
        return Mix(weight, new, new if weight == ALL else self._ramp.per_look - new)

    def _measures(self, errors: float, demand: Demand) -> Iterator[tuple[float, float, float]]:
        """Yield for each kind of bad request the new version's share, the stable one's, and the margin."""
        slow = self._slo.slow_budget
        yield errors, self._stable, demand.errors
        yield slow, slow, demand.slow
        yield TYPICAL, TYPICAL, demand.typical
        yield TAIL, TAIL, demand.tail


def _looks(needed: float, mix: Mix, passed: Sequence[Step], new: float, stable: float, margin: float) -> float:
    """Return how many looks one proof takes beyond what earlier steps have told already; at least one."""
    each = safety(Pair(new, stable, mix.part), margin) * mix.requests
    seen = sum(safety(Pair(new, stable, step.mix.part), margin) * step.mix.requests * step.looks for step in passed)
    return max(1.0, math.ceil((needed - seen) / each)) if each > 0 else math.inf
