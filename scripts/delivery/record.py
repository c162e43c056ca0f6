"""The record of one release for whoever was not there: what was asked, each step, how it ended and why, as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cluster.errors import ClusterError
from delivery.errors import DeliveryError
from delivery.steps import OnStep, Step

# Not an outcome of a release: it could not be tried, or not be ended, and `deliver status` says what is open.
ERROR = "Error"


class Record:
    """Writes the file anew at each step, so that a release that is killed leaves what it had done.

    As a context it also writes down why a release could not be carried out.

    Args:
        path: the file; None for none.
        asked: what was asked for.
    """

    def __init__(self, path: Path | None, **asked: str) -> None:
        self._path = path
        self._steps: list[dict[str, Any]] = []
        self._content: dict[str, Any] = {**asked, "outcome": "", "reason": "", "steps": self._steps}

    def beside(self, tell: OnStep) -> OnStep:
        """Return who writes down each step, and tells it."""

        def told(step: Step) -> None:
            self._steps.append(asdict(step))
            self._write()
            tell(step)

        return told

    def end(self, outcome: str, reason: str) -> None:
        """Write down how it ended, and why."""
        self._content |= {"outcome": str(outcome), "reason": reason}
        self._write()

    def __enter__(self) -> Record:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, ClusterError | DeliveryError):
            self.end(ERROR, str(error))

    def _write(self) -> None:
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".tmp")
        draft.write_text(json.dumps(self._content, indent=1, ensure_ascii=False, default=str) + "\n")
        draft.replace(self._path)
