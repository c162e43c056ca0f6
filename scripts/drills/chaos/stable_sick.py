"""A drill in which it is the old version that is sick."""

from __future__ import annotations

from typing import ClassVar

from drills.canary import Canary
from drills.chaos.world import World
from drills.trouble import Moment, Trouble


class StableSick(Trouble, Canary):
    """A sound release is not blamed for what the old version fails: it is promoted, which is the way out.

    A release that is as sick as the old one is no way out, and goes back. Because: the judge compares both versions at
    the same time, and asks of the new one that it keeps the objectives.
    """

    name = "stable-sick"
    sick = True
    # A sound release fails nobody. A sick one fails those of its users whom the old version would have failed too: a
    # fifth of half of all users for the last step's minute is 6 s' worth, and the smaller steps before are another 2.
    harm: ClassVar = {"sound": 0.0, "errors": 8.0}

    def before(self, world: World, at: Moment) -> None:
        """Let the old version fail a fifth of its users before any of them meets the new one."""
        if at == Moment("shift", 1):
            world.sicken("v1-errors")
