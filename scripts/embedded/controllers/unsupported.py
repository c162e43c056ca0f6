"""Says once what of an object is not honoured, so that nothing is ignored in silence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from embedded.events import EventRecorder

REASON = "Unsupported"


class Unsupported:
    """Names fields that a controller does not honour; once for each generation of an object.

    Args:
        events: where to say it.
    """

    def __init__(self, events: EventRecorder) -> None:
        self._events = events
        self._said: dict[str, int] = {}

    def report(self, about: dict[str, Any], fields: Iterable[str]) -> None:
        """Write one warning per field, such as ``spec.trafficDistribution: PreferClose``."""
        meta = about["metadata"]
        generation = meta.get("generation", 0)
        if self._said.get(meta["uid"]) == generation:
            return
        self._said[meta["uid"]] = generation
        for field in fields:
            self._events.warning(about, REASON, f"{field} is not supported by the embedded cluster and has no effect")
