"""What canary and blue-green have in common: the shape of a strategy."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from cluster.transport import Json
from delivery.journal.release import Release


@dataclass(frozen=True)
class Part:
    """One part of a promotion: done again, it does no harm.

    Attributes:
        name: how the journal calls it; the last one is called ``clean``, and behind it there is no way back.
        do: carries it out, told which shares of the users the new version may have before it, in percent.
        share: share of the users that it gives to the new version, in percent; None where it moves nobody.
    """

    name: str
    do: Callable[[Collection[int]], None]
    share: int | None = None


class Strategy(Protocol):
    """One way of bringing a new version to users; every verb does no harm when it is done again.

    Attributes:
        name: how it is called on the command line and in the journal.
        track: value of the header that opens the side door.
        at_once: whether all users move together, so that the new version is compared with the time before the switch.
    """

    name: str
    track: str
    at_once: bool

    def plan(self, service: str, image: str) -> tuple[Release, Json]:
        """Return the release and the new version's Deployment; nothing is changed yet.

        Raises:
            DeliveryError: the stage is not set for this strategy.
        """

    def body(self, release: Release) -> Json:
        """Return the new version's Deployment, of a release that was planned before."""

    def open_door(self, release: Release) -> None:
        """Lead the side door, and nobody else, to the new version."""

    def share(self, release: Release) -> int | None:
        """Return which share of the users the new version has, in percent; None for what no release brings about."""

    def found(self, release: Release) -> str:
        """Return where the users are, in words."""

    def leads(self, release: Release) -> list[Json]:
        """Return the objects that lead users."""

    def touched(self, release: Release) -> list[tuple[str, str]]:
        """Return what the release changes and does not make, as name of the collection and of the object."""

    def move(self, release: Release, share: int, expected: Collection[int]) -> None:
        """Lead this share of the users, in percent, to the new version.

        Raises:
            Foreign: the share is none of those that were expected; nothing was changed then.
        """

    def back(self, release: Release, promoting: bool) -> None:
        """Lead all users to the old version, at once.

        Args:
            release: the release.
            promoting: whether its promotion had begun. The new version was found sound then, so users stay on it until
                the stable Deployment, which may be in the middle of taking it over, is complete on the old one again.
        """

    def tidy(self, release: Release) -> None:
        """Put back what no user notices, once the users are back."""

    def check_switched(self, release: Release, shares: Collection[int]) -> None:
        """See that the users were moved, where that comes before a promotion.

        Raises:
            DeliveryError: they were not.
        """

    def promotion(self, release: Release) -> list[Part]:
        """Return what makes the new version the one that has all users, and removes what nobody needs then."""
