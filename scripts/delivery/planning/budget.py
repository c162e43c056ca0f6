"""The detection budget: what a release will take, said before it begins; one that cannot end well is refused."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from delivery.errors import DeliveryError
from delivery.planning.forecast import SPREAD, Discovery, Forecast, Step
from delivery.planning.ramp import ALL, Ramp
from delivery.planning.traffic import Traffic
from delivery.slo import Slo

# Versions that fail all of their requests, many, and few.
SHARES = (1.0, 0.2, 0.05)


@dataclass(frozen=True)
class Budget:
    """What a release of one service will take, and why it may not begin.

    Attributes:
        ramp: the weights, and what they have to prove.
        traffic: what was measured.
        slo: the objectives of the service.
    """

    ramp: Ramp
    traffic: Traffic
    slo: Slo

    @cached_property
    def forecast(self) -> Forecast:
        """Return what is to be expected."""
        return Forecast(self.ramp, self.traffic, self.slo)

    def check(self) -> None:
        """Refuse what cannot end well.

        Raises:
            DeliveryError: a step is shorter than its proof; the message has the arithmetic, and what to change.
        """
        late = [step for step in self.forecast.sound if self.seconds(step) > self.ramp.deadline]
        if late:
            raise DeliveryError(self._impossible(max(late, key=self.seconds)))
        before = self.slo.analysis.baseline_seconds
        unpaired = [step for step in self.forecast.sound if step.mix.weight == ALL and self.seconds(step) > before]
        if unpaired:
            raise DeliveryError(self._nothing_left(self.seconds(unpaired[0]), before))

    def seconds(self, step: Step) -> float:
        """Return how long the proof of a step takes."""
        return step.looks * self.traffic.look

    def lines(self) -> list[str]:
        """Return what is to be expected, in sentences."""
        at = f"at {self.traffic.rate:.0f} requests/s and this plan"
        return [*(f"{at} {_found(discovery)}" for discovery in self._discoveries), f"{at} {self._proof()}"]

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for a report."""
        return {
            "requests_per_second": round(self.traffic.rate, 1),
            "look_seconds": self.traffic.look,
            "proof_seconds": [round(self.seconds(step), 1) for step in self.forecast.sound],
            "discoveries": [
                {"errors": each.errors, "seconds": round(each.seconds, 1), "requests": round(each.requests)}
                for each in self._discoveries
                if each.weight is not None
            ],
        }

    @property
    def _discoveries(self) -> list[Discovery]:
        return [self.forecast.discovery(share) for share in SHARES if share > self.forecast.stable_errors]

    def _proof(self) -> str:
        steps = self.forecast.sound
        whole = sum(map(self.seconds, steps))
        new = sum(step.looks * step.mix.new for step in steps)
        parts = " + ".join(f"{self.seconds(step):.3g}" for step in steps)
        each = f" ({parts})" if len(steps) > 1 else ""
        longest = max(map(self.seconds, steps)) * SPREAD
        luck = "" if longest <= self.ramp.deadline else "; more than one sound release in ten runs into a deadline"
        return f"the proof of safety needs {_about(whole)}{each} and about {new:.0f} requests of the new version{luck}"

    def _impossible(self, step: Step) -> str:
        weight, rate, needed = step.mix.weight, self.traffic.rate, self.seconds(step)
        if needed == math.inf:
            return (
                f"this plan cannot end well: at {weight} % of the users a version that is no worse never proves it,"
                " since a margin of 0 leaves no room: allow more in observability/slo"
            )
        return (
            f"this plan cannot end well: at {weight} % of the users the proof of safety takes"
            f" {step.looks * step.mix.new:.0f} requests of the new version; {weight} % of {rate:.3g} requests/s are"
            f" {rate * weight / ALL:.3g} a second, so that it takes {needed:.0f} s, and a step has"
            f" {self.ramp.deadline:g} s: set deadline_seconds to {math.ceil(needed * SPREAD)} in the plan, send"
            f" {math.ceil(rate * needed / self.ramp.deadline)} requests/s, or allow wider margins in observability/slo"
        )

    def _nothing_left(self, needed: float, before: float) -> str:
        """Say that the time before a switch is too short for what comes after it."""
        return (
            f"this plan cannot end well: after the switch the proof of safety takes {needed:.0f} s at"
            f" {self.traffic.rate:.3g} requests/s, compared with as much time before it, and that is {before:g} s:"
            f" set baseline_seconds to {math.ceil(needed * SPREAD)} in observability/slo, send"
            f" {math.ceil(self.traffic.rate * needed / before)} requests/s, or allow wider margins"
        )


def _found(discovery: Discovery) -> str:
    share = f"an error rate of {discovery.errors * 100:g} %"
    if discovery.weight is None:
        return f"{share} is not found"
    where = "after the switch" if discovery.weight == ALL else f"at {discovery.weight} %"
    return (
        f"{share} is found {where}, in {_about(discovery.seconds)}, and about {discovery.requests:.0f} requests of"
        f" the new version, {discovery.hurt:.0f} of them failed"
    )


def _about(seconds: float) -> str:
    return f"about {seconds:.3g} s (nine times in ten at most {math.ceil(seconds * SPREAD)} s)"
