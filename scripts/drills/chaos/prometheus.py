"""Drills in which the release cannot see: Prometheus is gone, frozen, emptied, late, or no Prometheus any more.

All of it happens to the release alone, between it and Prometheus, from the first judgement on: it needs none before.
"""

from __future__ import annotations

from typing import ClassVar

from drills.canary import Canary
from drills.chaos.go_between import emptied, frozen, gone, mad, well
from drills.chaos.world import World
from drills.trouble import Moment, Trouble
from drills.twins import ROLLED_BACK

FIRST = Moment("analysis", 1)
# An answer that takes so long holds what was known when it was asked for, four scrapes ago.
LATE_SECONDS = 2.0


class _Unseen(Trouble, Canary):
    """A release that nobody can judge goes back, and meanwhile only the first few meet it."""

    # Nobody sees the errors, so they last until the analysis gives up: 5 s until data are old and 15 s without any. In
    # them a fifth of the first step's handful fails, 4 requests a scrape of half a second. That is 32 requests: 0.16 s'
    # worth at 200 a second, 0.32 at 100.
    harm: ClassVar = {"errors": 0.4}
    expected: ClassVar = {"sound": ROLLED_BACK}


class PrometheusGone(_Unseen):
    """Without Prometheus even a sound release is taken back, for want of data, and no user is hurt by that.

    Because: no data is neither success nor failure, and a step that is not decided by its deadline ends the release.
    """

    name = "prometheus-gone"

    def before(self, world: World, at: Moment) -> None:
        """Lead Prometheus' address nowhere before the first judgement."""
        if at == FIRST:
            world.prometheus(gone, "was gone")


class PrometheusFrozen(_Unseen):
    """A Prometheus that scrapes nothing any more is not believed: old data are no data.

    Because: evidence counts from the moment when users met the release, by Prometheus' own clock.
    """

    name = "prometheus-frozen"

    def before(self, world: World, at: Moment) -> None:
        """Let Prometheus know of nothing new from before the first judgement on."""
        if at == FIRST:
            world.prometheus(frozen(world.now()), "learned nothing new")


class PrometheusMad(_Unseen):
    """An answer that makes no sense is no answer, whatever its status says.

    Because: whoever asks reads what comes back, and takes only what a Prometheus can have said.
    """

    name = "prometheus-mad"

    def before(self, world: World, at: Moment) -> None:
        """Let a web page answer in the place of Prometheus."""
        if at == FIRST:
            world.prometheus(mad, "answered with a web page")


class PrometheusLate(Trouble, Canary):
    """Answers that take seconds delay the verdict by as much, and change nothing else.

    Because: what they say was true when it was asked for, and counts from a time that they name themselves.
    """

    name = "prometheus-late"
    # The first step's handful for some seconds, and for those that the answer takes.
    harm: ClassVar = {"errors": 0.4}

    def before(self, world: World, at: Moment) -> None:
        """Let each answer dribble in over seconds."""
        if at == FIRST:
            world.prometheus(well, f"answered {LATE_SECONDS:g} s late", LATE_SECONDS)


class PrometheusEmptied(Trouble, Canary):
    """A Prometheus that starts again without its data delays a release, and neither promotes nor ends it wrongly.

    Because: a counter that is seen for the first time counts from what it shows, not from zero.
    """

    name = "prometheus-emptied"
    # The first step's handful, until there is something to see again.
    harm: ClassVar = {"errors": 0.4}

    def before(self, world: World, at: Moment) -> None:
        """Take away all that Prometheus knew when the first users had met the release."""
        if at == FIRST:
            world.prometheus(emptied(world.now()), "was started again without its data")
