"""What canary and blue-green have in common: the shape of a strategy."""

from __future__ import annotations

from typing import Protocol

from cluster.transport import Json
from delivery.journal.release import Release


class Strategy(Protocol):
    """One way of bringing a new version to users.

    Attributes:
        name: how it is called on the command line and in the notes of a release.
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

    def open_door(self, release: Release) -> None:
        """Lead the side door, and nobody else, to the new version."""

    def move(self, release: Release, share: int) -> None:
        """Lead this share of the users, in percent, to the new version."""

    def back(self, release: Release) -> None:
        """Lead all users to the old version, at once."""

    def tidy(self, release: Release) -> None:
        """Put back what no user notices, once the users are back."""

    def commit(self, release: Release) -> None:
        """Make the new version the one that has all users; `back` still undoes it."""

    def clean(self, release: Release) -> None:
        """Remove what nobody needs after the promotion."""
