"""The drill that begins two releases of one service at once."""

from __future__ import annotations

from drills.chaos.killed import ProcessDrill
from drills.chaos.rollout import ProcessRollout


class TwoReleases(ProcessDrill):
    """Of two releases that begin at once exactly one goes on, and the other is refused with one line.

    Because: a release begins with taking a lease, which the API server gives to one of them only.
    """

    name = "two-releases"

    def method(self, rollout: ProcessRollout, image: str) -> str:
        """Begin both; the one that goes on is a release like any other."""
        return rollout.release_twice(image)
