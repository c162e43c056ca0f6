"""A rollout that writes down each of its verbs, so that drills can be read aloud and still be timed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from drills.record import Record

# Shares of the users, in percent.
ALL, NOBODY = 100, 0


class Judgement(Protocol):
    """What the analysis says."""

    @property
    def successful(self) -> bool:
        """Tell whether the release may go on."""

    @property
    def reason(self) -> str:
        """Return why, in one sentence."""


class Rollout(Protocol):
    """The verbs of a release that drills use; `delivery.rollout.Rollout` is the real one."""

    @property
    def weights(self) -> Sequence[int]:
        """Return the shares of the users (percent) that a canary goes through; known once it was started."""

    def start(self, image: str) -> Any:
        """Run the new version beside the stable one and wait until it is ready."""

    def verify(self) -> Any:
        """Send smoke requests to the new version before any user is."""

    def shift(self, canary: int) -> Any:
        """Send a share of the users (percent) to the canary."""

    def switch(self) -> Any:
        """Send all users to the preview."""

    def analysis(self) -> Any:
        """Judge the new version beside the stable one; blocks until decided."""

    def promote(self) -> Any:
        """Make the new version the stable one."""

    def abort(self, reason: str) -> Any:
        """Send all users to the stable version and remove the new one."""


class ObservedRollout:
    """Passes every verb on and keeps the record.

    Args:
        rollout: the real one.
        record: of the drill.
    """

    def __init__(self, rollout: Rollout, record: Record) -> None:
        self._rollout = rollout
        self._record = record
        self._open = False
        self._running = False

    @property
    def running(self) -> bool:
        """Tell whether the new version once ran and was ready."""
        return self._running

    @property
    def open(self) -> bool:
        """Tell whether it was started and neither promoted nor aborted."""
        return self._open

    @property
    def weights(self) -> Sequence[int]:
        """See `Rollout.weights`."""
        return self._rollout.weights

    def start(self, image: str) -> None:
        """See `Rollout.start`."""
        self._open = True
        with self._record.step("start", image):
            self._rollout.start(image)
        self._running = True

    def verify(self) -> Judgement:
        """See `Rollout.verify`."""
        with self._record.step("verify", "smoke requests, no users"):
            judgement: Judgement = self._rollout.verify()
            self._record.find(judgement)
        return judgement

    def shift(self, canary: int) -> None:
        """See `Rollout.shift`."""
        with self._record.step("shift", f"{canary} % of the users to the canary", canary):
            self._rollout.shift(canary=canary)
            self._record.weights = {"stable": 100 - canary, "canary": canary}

    def switch(self) -> None:
        """See `Rollout.switch`."""
        with self._record.step("switch", "all users to the preview", ALL):
            self._rollout.switch()
            self._record.weights = {"active": 0, "preview": 100}

    def analysis(self) -> Judgement:
        """See `Rollout.analysis`."""
        with self._record.step("analysis", "the new version beside the stable one"):
            judgement: Judgement = self._rollout.analysis()
            self._record.find(judgement)
        return judgement

    def promote(self) -> str:
        """See `Rollout.promote`."""
        with self._record.step("promote", "the new version becomes the stable one"):
            outcome = self._rollout.promote()
        return self._close(outcome)

    def abort(self, reason: str) -> str:
        """See `Rollout.abort`."""
        with self._record.step("abort", reason, NOBODY):
            outcome = self._rollout.abort(reason)
        return self._close(outcome)

    def _close(self, outcome: Any) -> str:
        self._open = False
        self._record.weights = {}
        return str(getattr(outcome, "value", outcome))
