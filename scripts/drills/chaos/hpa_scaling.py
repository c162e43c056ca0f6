"""A drill in which an autoscaler wants more pods in the middle of a canary."""

from __future__ import annotations

import time
from typing import ClassVar

from drills.canary import Canary
from drills.chaos.world import World
from drills.trouble import Moment, Trouble

MORE_PODS = 4
LOOK_EVERY = 0.1


class HpaScaling(Trouble, Canary):
    """Users that an autoscaler wanted more pods for never end up on fewer, whichever version they are on.

    Because: before users move, the version that they move to gets as many pods as the one that they leave.
    """

    name = "hpa-scaling"
    harm: ClassVar = {"sound": 0.0, "errors": 0.25}

    def __init__(self) -> None:
        self._fewest = MORE_PODS

    def before(self, world: World, at: Moment) -> None:
        """Let an autoscaler double the pods of the old version when the first users have met the new one."""
        if at == Moment("analysis", 1):
            self._fewest = MORE_PODS
            world.autoscale(MORE_PODS)

    def during(self, world: World, at: Moment) -> None:
        """Watch how many pods of the new version are ready while it has all users."""
        ends = time.monotonic() + 60
        if at == Moment("promote", 1):
            while world.weight() < 100 and time.monotonic() < ends:
                time.sleep(LOOK_EVERY)
            self._fewest = min(self._fewest, world.ready(old=False))

    def afterwards(self, world: World) -> str:
        """Return a complaint if users ended up on fewer pods than they needed."""
        fewest = min(self._fewest, world.ready(old=True))
        return "" if fewest >= MORE_PODS else f"all users were on {fewest} pods where {MORE_PODS} were wanted"
