"""What is released, and how things were before it: all that is needed to undo it."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass, field

from cluster.transport import Json

# On what a release makes, so that it never removes what is somebody else's.
MARK = "delivery.proving-ground/release"


@dataclass(frozen=True)
class Release:
    """What is released, and what was there before.

    Attributes:
        service: the Service under release.
        strategy: its name.
        image: image of the new version.
        version: what the new version answers with.
        stable: name of the Deployment that had the traffic.
        copy: name of the new version's Deployment.
        selector: selector of the Service before.
        images: image of each container of the stable Deployment before.
        stable_version: its label ``version`` before, empty if it had none.
        weights: weight of each subset before, empty where a selector moves the users.
        preview_selector: selector of the preview Service before, empty where weights move the users.
        started: when the release began.
        id: tells it from every other release.
    """

    service: str
    strategy: str
    image: str
    version: str
    stable: str
    copy: str
    selector: dict[str, str]
    images: dict[str, str]
    stable_version: str
    weights: dict[str, int] = field(default_factory=dict)
    preview_selector: dict[str, str] = field(default_factory=dict)
    started: str = field(default_factory=lambda: datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"))
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])

    def mark(self) -> dict[str, str]:
        """Return the annotation of everything that the release makes."""
        return {MARK: self.id}

    def made(self, body: Json) -> bool:
        """Tell whether the release made an object."""
        return mark_of(body) == self.id


def mark_of(body: Json) -> str:
    """Return the release that made an object, empty where none did."""
    return str((body["metadata"].get("annotations") or {}).get(MARK, ""))
