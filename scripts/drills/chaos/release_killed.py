"""The drill that kills a release twice, each time at the moment when users were moved, and resumes it."""

from __future__ import annotations

from drills.chaos.killed import MOVED, MOVED_ON, ProcessDrill
from drills.chaos.rollout import ProcessRollout


class ReleaseKilled(ProcessDrill):
    """A release that is killed and resumed ends as if it had not been: a sound one promoted, a bad one rolled back.

    Because: it writes down on the cluster what it is about to do before it does it, and judges anew from what the
    gateway has counted since it began; so whoever resumes it knows all that the dead process knew.
    """

    name = "release-killed"

    def method(self, rollout: ProcessRollout, image: str) -> str:
        """Release, die when the first users have moved; resume, die when they move on, or back; resume."""
        rollout.release(image, MOVED)
        rollout.resume(MOVED_ON)
        return rollout.resume()
