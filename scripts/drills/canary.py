"""The canary drill: a growing share of the users meets the new version, and each share is judged before the next."""

from __future__ import annotations

from typing import ClassVar

from drills.experiment import Drill
from drills.observed import ObservedRollout


class Canary(Drill):
    """A sound release reaches all users without one failed request, and a bad one hurts no more than a handful.

    Because: the first share of the users is so small that a look of the judge brings a few of them, each step proves
    that the next one can hurt no more, and each is judged beside the stable version.
    """

    name = "canary"
    strategy = "canary"
    # The first step's users for some seconds, each of them if answers are late; a crash is seen before there are any.
    harm: ClassVar = {"errors": 0.25, "slow": 1.0, "crash": 0.0}

    def method(self, rollout: ObservedRollout, image: str) -> str:
        """Start the canary, shift and judge, promote."""
        rollout.start(image)
        for weight in rollout.weights:
            rollout.shift(canary=weight)
            judgement = rollout.analysis()
            if not judgement.successful:
                return rollout.abort(judgement.reason)
        return rollout.promote()
