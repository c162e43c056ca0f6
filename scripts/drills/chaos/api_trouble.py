"""The drill that puts every illness of an API server before a release, one after the other."""

from __future__ import annotations

from typing import ClassVar

from drills.chaos.killed import ProcessDrill
from drills.chaos.rollout import ProcessRollout
from drills.chaos.rules import MUTATING, WATCH, Cut, Delay, DropWatches, Refuse, Rule

ROUTES = "/virtualservices/"
TROUBLE = (
    # From the second move of users on it is away for as long as a control plane takes to restart.
    Rule(Cut(), frozenset({"PATCH"}), ROUTES, first=2, lasts=4.0),
    # The first move meets somebody else's, then arrives and its answer is lost.
    Rule(Refuse(409), frozenset({"PATCH"}), ROUTES),
    Rule(Cut(after=True), frozenset({"PATCH"}), ROUTES),
    # Too much to do, ill, and starting: for one in so many of all that changes something.
    Rule(Refuse(429, retry_after=1), MUTATING, first=2, every=5, times=None),
    Rule(Refuse(500), MUTATING, first=4, every=5, times=None),
    Rule(Refuse(503, retry_after=1), frozenset({"GET"}), "/deployments", first=3, every=7, times=None),
    Rule(DropWatches(), frozenset({"GET"}), "/pods", every=5, times=None),
    Rule(Refuse(500), frozenset({WATCH}), every=3, times=None),
    Rule(Delay(0.5), frozenset({"GET"}), "/services/", every=9, times=None),
)


class ApiTrouble(ProcessDrill):
    """An API server that is overloaded, ill, slow or away for some seconds delays a release and changes nothing else.

    Because: what was refused or lost is asked again for as long as a control plane takes to come back, a conflict is
    looked at before anything is written over it, and a watch that breaks is only a reason to look.
    """

    name = "api-trouble"
    # While the API server is away nobody can take the canary's users back.
    harm: ClassVar = {"errors": 2.0}

    def method(self, rollout: ProcessRollout, image: str) -> str:
        """Release, through all of it."""
        return rollout.release(image, *TROUBLE)
