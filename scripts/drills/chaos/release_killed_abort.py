"""The drill that kills a release when the first users have moved, and takes it back."""

from __future__ import annotations

from typing import ClassVar

from drills.chaos.killed import MOVED, ProcessDrill
from drills.chaos.rollout import ProcessRollout
from drills.twins import ROLLED_BACK


class ReleaseKilledAbort(ProcessDrill):
    """A release that is killed can be taken back by anybody: all users are on the old version, and nothing is left.

    Because: how things were before is written on the cluster, and outlives the process that wrote it.
    """

    name = "release-killed-abort"
    expected: ClassVar = {"sound": ROLLED_BACK}

    def method(self, rollout: ProcessRollout, image: str) -> str:
        """Release, die when the first users have moved; abort."""
        rollout.release(image, MOVED)
        return rollout.abort("the release was killed")
