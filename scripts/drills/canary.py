"""The canary drill: a growing share of the users meets the new version, and each share is judged before the next."""

from __future__ import annotations

from typing import ClassVar

from drills.experiment import Drill
from drills.observed import ObservedRollout

# Few users first, so that a bad release hurts few, but so many that 200 requests a second bring the judge's floor of
# evidence within some eight seconds; then twice as many; then half of them, the last share at which the stable version
# still has as much traffic as the canary that is compared with it.
WEIGHTS = (15, 30, 50)


class Canary(Drill):
    """A sound release reaches all users without one failed request, and a bad one hurts no more than the first few.

    Because: a share of the users meets the new version, step by step, and each step is judged beside the stable one.
    """

    name = "canary"
    strategy = "canary"
    # The first step's users for some seconds, each of them if answers are late; a crash is seen before there are any.
    harm: ClassVar = {"errors": 0.25, "slow": 1.0, "crash": 0.0}

    def method(self, rollout: ObservedRollout, image: str) -> str:
        """Start the canary, shift and judge, promote."""
        rollout.start(image)
        for weight in WEIGHTS:
            rollout.shift(canary=weight)
            judgement = rollout.analysis()
            if not judgement.successful:
                return rollout.abort(judgement.reason)
        return rollout.promote()
