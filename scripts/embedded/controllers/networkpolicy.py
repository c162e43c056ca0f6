"""Stands where a network plugin would: says of every NetworkPolicy that nothing here enforces it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from embedded.apiserver.resources import NETWORK_POLICIES
from embedded.apiserver.store import Store
from embedded.apiserver.watch import Event
from embedded.controllers.runtime import Clock, Controller, Key
from embedded.controllers.unsupported import Unsupported


class NetworkPolicyController(Controller):
    """Warns about NetworkPolicies: processes of one machine share one network."""

    name = "networkpolicy-controller"
    watched = (NETWORK_POLICIES,)

    def __init__(self, store: Store, clock: Clock = time.time) -> None:
        super().__init__(store, clock)
        self._unsupported = Unsupported(self.events)

    def keys(self) -> Iterable[Key]:
        """Return every policy."""
        return [(item["metadata"]["namespace"], item["metadata"]["name"]) for item in self.store.peek(NETWORK_POLICIES)]

    def affected(self, event: Event) -> Iterator[Key]:
        """Yield the policy itself."""
        yield event.body["metadata"]["namespace"], event.body["metadata"]["name"]

    def reconcile(self, namespace: str, name: str) -> None:
        """Say it, once for each generation."""
        policy = self.store.find(NETWORK_POLICIES, namespace, name)
        if policy:
            self._unsupported.report(policy, ["spec"])
