"""Drills in which pods die in the middle of a release, as they do when a node is lost or memory runs out."""

from __future__ import annotations

from typing import ClassVar

from drills.blue_green import BlueGreen
from drills.canary import Canary
from drills.chaos.world import World
from drills.observed import ObservedRollout
from drills.trouble import Moment, Trouble

ONE, HALF, ALL = 0.01, 0.5, 1.0


class PodsKilled(Trouble, Canary):
    """A killed pod of each version costs the requests that it was answering, and the release goes its way.

    Because: the gateway tries elsewhere what did not reach a pod, Kubernetes starts another one, and the judge sees
    that the few failures are no more than chance would give either side.
    """

    name = "pods-killed"
    # What two pods were answering when they died, and what reached them until routes forgot them: at 200 requests a
    # second and some milliseconds each that is one or two; 0.05 s' worth leaves room for a busy machine.
    harm: ClassVar = {"sound": 0.05, "errors": 0.3}

    def during(self, world: World, at: Moment) -> None:
        """Kill a pod of each version as soon as the first users are judged."""
        if at == Moment("analysis", 1):
            world.kill(old=ONE, new=ONE)


class _Switched(Trouble, BlueGreen):
    """Blue-green without smoke requests, so that a bad release is found only when all users have met it."""

    def method(self, rollout: ObservedRollout, image: str) -> str:
        """Start the preview, switch, watch, clean up."""
        rollout.start(image)
        rollout.switch()
        judgement = rollout.analysis()
        if not judgement.successful:
            return rollout.abort(judgement.reason)
        return rollout.promote()


class NodeLost(_Switched):
    """A node that is lost at the switch takes half of both versions with it, and users hardly notice.

    Because: the other half of each version is spread over other nodes, and the gateway tries there.
    """

    name = "node-lost"
    # As for killed pods, twice as many of them; a bad release fails a fifth of all users for some seconds.
    harm: ClassVar = {"sound": 0.1, "errors": 1.5}

    def during(self, world: World, at: Moment) -> None:
        """Kill half of the pods of each version while the selector is patched."""
        if at == Moment("switch", 1):
            world.kill(old=HALF, new=HALF)


class OldColourLost(_Switched):
    """If the old version is lost after the switch, nobody is sent back to where no pod is.

    Because: the way back waits until the old version serves again, and the new one keeps the users until then.
    """

    name = "old-colour-lost"
    # Nobody is on the old version when it dies. A bad release fails a fifth of all users while it is judged and while
    # the old version starts again, some four seconds each. That none of them is sent to nobody is seen by itself.
    harm: ClassVar = {"sound": 0.0, "errors": 1.6}

    def before(self, world: World, at: Moment) -> None:
        """Kill every pod of the old version when all users have left it."""
        if at == Moment("analysis", 1):
            world.kill(old=ALL)

    def afterwards(self, world: World) -> str:
        """Complain if somebody met neither version: a bad answer is one that a user was sent to for a reason."""
        lost = world.unanswered()
        return f"{lost} users were sent to where no pod was" if lost else ""
