"""What the journal says of one release: how far it is, who carries it out, and where it may have led users."""

from __future__ import annotations

import enum
import time
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cluster.transport import Json
from delivery.errors import DeliveryError
from delivery.journal.release import Release
from delivery.journal.shift import Shift


class Phase(enum.StrEnum):
    """What a release is doing; each is written down before it begins."""

    STARTING = "starting"
    VERIFYING = "verifying"
    SHIFTING = "shifting"
    ANALYSING = "analysing"
    PROMOTING = "promoting"
    ABORTING = "aborting"


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Request(_Part):
    """That somebody else asks for an end.

    Attributes:
        by: who asks.
        reason: why.
        time: when, as Unix time.
    """

    by: str
    reason: str
    time: float


class Entry(_Part):
    """One open release.

    Attributes:
        release: what is released, and how things were before.
        holder: who carries it out.
        epoch: how often it has changed hands, plus one.
        phase: what it is doing.
        part: which part of a promotion.
        weight: share of the users that the phase is about, in percent.
        shares: the shares that it may have given to the new version; any other is somebody else's doing.
        since: when the phase began, as Unix time.
        reason: why it goes back.
        shifts: every change of the weights so far.
        weights: steps of the plan.
        ramp: the same with what each step has to prove, as `delivery.planning.ramp.Ramp` writes it.
        verify: whether smoke requests come before the first user.
        steady: since when the stable version has had all users undisturbed, as Unix time; 0 if nobody knows.
        probed: when the release itself asked the new version for something last, by Prometheus' clock.
        finding: what the judge said last.
        asked: that somebody else wants it to go back.
    """

    release: Release
    holder: str
    epoch: int = 1
    phase: Phase = Phase.STARTING
    part: str = ""
    weight: int = 0
    shares: tuple[int, ...] = (0,)
    since: float = Field(default_factory=lambda: round(time.time(), 3))
    reason: str = ""
    shifts: tuple[Shift, ...] = ()
    weights: tuple[int, ...] = ()
    ramp: dict[str, Any] = Field(default_factory=dict)
    verify: bool = True
    steady: float = 0.0
    probed: float = 0.0
    finding: dict[str, Any] = Field(default_factory=dict)
    asked: Request | None = None

    def changed(self, **values: Any) -> Entry:
        """Return the entry with other values; a new phase or part begins now."""
        return self.model_copy(update={"since": round(time.time(), 3), **values})

    def written(self) -> Json:
        """Return the entry as JSON."""
        return self.model_dump(mode="json")

    @property
    def doing(self) -> str:
        """Return what the release is doing, in words."""
        about = self.part or (f"{self.weight} %" if self.phase in (Phase.SHIFTING, Phase.ANALYSING) else "")
        return f"{self.phase} ({about})" if about else str(self.phase)


def parse(body: Json, service: str) -> Entry:
    """Read an entry.

    Raises:
        DeliveryError: it is none.
    """
    try:
        return Entry.model_validate(body)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise DeliveryError(
            f"the journal of {service} cannot be read ({place}: {error.errors()[0]['msg']}): stage the overlay, which"
            " ends the release"
        ) from error
