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
    # At 200 requests a second ten users if some of the answers fail: a version that fails them all hurts a handful or
    # two. Where every answer is late, each user of the first weight counts for the second and a half until that shows
    # in the histograms, and so do those whose answers are still on their way. A crash is seen before there are any.
    harm: ClassVar = {"errors": 0.05, "slow": 0.15, "crash": 0.0}

    def method(self, rollout: ObservedRollout, image: str) -> str:
        """Start the canary, shift and judge, promote."""
        rollout.start(image)
        for weight in rollout.weights:
            rollout.shift(canary=weight)
            judgement = rollout.analysis()
            if not judgement.successful:
                return rollout.abort(judgement.reason)
        return rollout.promote()
