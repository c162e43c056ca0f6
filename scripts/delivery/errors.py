"""What can stop a release, each in one line that a person can act on."""

# ruff: noqa: N818 - the names are words of the trade

from __future__ import annotations


class DeliveryError(Exception):
    """The release cannot go on as asked; the message is one line that says why, and what to do."""


class UnderWay(DeliveryError):
    """Another release of the same service has not ended."""


class Lost(DeliveryError):
    """Somebody else has this release now, or has ended it: nothing more may be done to it from here."""


class Asked(DeliveryError):
    """Somebody else asked that the release goes back."""


class Foreign(DeliveryError):
    """Somebody else moved the users while the release was under way."""


class Rejected(DeliveryError):
    """The new version never became fit for a single user.

    Args:
        reason: why, as Kubernetes or the gateway says it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
