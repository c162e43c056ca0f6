"""The blue-green drill: the new version is verified where no user is, then takes all of them at once."""

from __future__ import annotations

from typing import ClassVar

from drills.experiment import Drill
from drills.observed import ObservedRollout


class BlueGreen(Drill):
    """A sound release takes all users at once without one failed request, and a bad one meets few or none.

    Because: the new version is verified through its preview Service before the selector is patched, and watched after.
    """

    name = "blue-green"
    strategy = "blue-green"
    stage = "-blue-green"
    # Smoke requests always find what is always wrong; what goes wrong now and then may need the users' requests of some
    # seconds to be found.
    harm: ClassVar = {"errors": 1.0, "slow": 0.0, "crash": 0.0}

    def method(self, rollout: ObservedRollout, image: str) -> str:
        """Start the preview, verify it, switch, watch, clean up."""
        rollout.start(image)
        preview = rollout.verify()
        if not preview.successful:
            return rollout.abort(preview.reason)
        rollout.switch()
        judgement = rollout.analysis()
        if not judgement.successful:
            return rollout.abort(judgement.reason)
        return rollout.promote()
