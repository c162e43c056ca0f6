"""Forgets events after a while, as kube-apiserver does, so that a cluster that runs for weeks does not grow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from embedded.apiserver.resources import EVENTS
from embedded.apiserver.watch import Event
from embedded.controllers.runtime import Controller, Key
from embedded.controllers.timestamps import seconds

# Kubernetes' own: --event-ttl.
TTL_S = 3600.0
PERIOD_S = 300.0
ALL = ("", "all events")


class EventTtl(Controller):
    """Deletes events that were last seen an hour ago."""

    name = "event-ttl"
    watched = (EVENTS,)

    def keys(self) -> Iterable[Key]:
        """Return the one key there is."""
        return [ALL]

    def affected(self, event: Event) -> Iterator[Key]:  # noqa: ARG002 - time makes events old, not changes
        """Yield nothing."""
        yield from ()

    def reconcile(self, namespace: str, name: str) -> float:  # noqa: ARG002 - it is one key for everything
        """Delete what is too old, and come back later."""
        for event in self.store.list(EVENTS):
            meta = event["metadata"]
            seen = event.get("lastTimestamp") or event.get("eventTime") or meta["creationTimestamp"]
            if seconds(seen) + TTL_S < self.clock():
                self.store.delete(EVENTS, meta["namespace"], meta["name"])
        return PERIOD_S
