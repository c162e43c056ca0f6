"""The releases that every drill is tried with: one sound, and one for each way of being bad."""

from __future__ import annotations

from dataclasses import dataclass

PROMOTED = "Promoted"
ROLLED_BACK = "RolledBack"


@dataclass(frozen=True)
class Twin:
    """One release.

    Attributes:
        name: how it is called on the command line and in reports.
        tag: tag of its image.
        expected: the outcome that the drill must come to.
        about: what is the matter with it, in words.
    """

    name: str
    tag: str
    expected: str
    about: str


# What every one of them says in X-App-Version: a bad build does not know that it is bad.
VERSION = "v2"

TWINS = {
    twin.name: twin
    for twin in (
        Twin("sound", "v2", PROMOTED, "a sound release"),
        Twin("errors", "v2-errors", ROLLED_BACK, "a release that answers a share of its requests with 500"),
        Twin("slow", "v2-slow", ROLLED_BACK, "a release that answers late"),
        Twin("crash", "v2-crash", ROLLED_BACK, "a release that crashes at the start"),
    )
}
