"""Journals of releases: a ConfigMap for each service says how far its release is, and how the last ones ended.

Here is what staging has to know of them, too: that a release is open, and how to end it. What an open release says is
read and written in `delivery.journal`. A write is bound to what was read before: who comes second gets a Conflict.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from cluster.client import CORE, Cluster
from cluster.collection import ATTEMPTS
from cluster.errors import ClusterError, Conflict, Forbidden, NotFound
from cluster.transport import Json

COORDINATION = "/apis/coordination.k8s.io/v1"
LABELS = {"app.kubernetes.io/managed-by": "delivery", "app.kubernetes.io/component": "journal"}
SERVICE = "delivery.proving-ground/service"
# More than a team asks for when it wonders what happened, and far below the size that an object may have.
KEPT = 10
CLEARED = "ClearedByStaging"


def name_of(service: str) -> str:
    """Return the name of a service's journal, and of its lease."""
    return f"release-{service}"


@dataclass(frozen=True)
class Journal:
    """The journal of one service as it was read.

    Attributes:
        service: the service.
        version: resource version, empty where there is no journal yet.
        current: the open release, None if there is none.
        history: the last ones that ended, the oldest first.
    """

    service: str
    version: str = ""
    current: Json | None = None
    history: list[Json] = field(default_factory=list)

    def ended(self, outcome: str, reason: str) -> Journal:
        """Return the journal with its open release ended."""
        if self.current is None:
            return self
        entry = {**self.current, "outcome": outcome, "reason": reason, "ended": round(time.time(), 3)}
        return replace(self, current=None, history=[*self.history, entry][-KEPT:])


class Journals:
    """The journals of a namespace.

    Args:
        cluster: the namespace.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._maps = cluster.collection(CORE, "configmaps")
        self._leases = cluster.collection(COORDINATION, "leases")

    def read(self, service: str) -> Journal:
        """Return the journal of a service, an empty one where none was ever written.

        Raises:
            ClusterError: somebody spoilt it.
        """
        found = self._maps.find(name_of(service))
        return Journal(service) if found is None else _parsed(found, service)

    def open(self) -> list[Journal]:
        """Return the journals in which a release is open."""
        found = [_parsed(each, each["metadata"]["labels"][SERVICE]) for each in self._maps.list(LABELS)]
        return [journal for journal in found if journal.current is not None]

    def write(self, journal: Journal) -> Journal:
        """Write a journal, if nobody else did since it was read, and return it as it is now.

        Raises:
            Conflict: somebody did.
            NotFound: somebody removed it.
        """
        data = {
            "current": json.dumps(journal.current, sort_keys=True) if journal.current else None,
            "history": json.dumps(journal.history, sort_keys=True),
        }
        if journal.version:
            patch = {"metadata": {"resourceVersion": journal.version}, "data": data}
            written = self._maps.patch(name_of(journal.service), patch)
        else:
            written = self._maps.create(_body(journal.service, data))
        return replace(journal, version=written["metadata"]["resourceVersion"])

    def seize(self, by: str) -> None:
        """Take every open release away from whoever carries it out: what it writes from now on is refused."""
        for journal in self.open():
            self._amend(journal, lambda now: _taken(now, by))

    def clear(self) -> list[str]:
        """End every open release, since what it had changed has been put back, and return their services."""
        found = self.open()
        for journal in found:
            self._amend(journal, lambda now: now.ended(CLEARED, "the overlay was staged"))
            self._free(name_of(journal.service))
        return [journal.service for journal in found]

    def _free(self, lease: str) -> None:
        """Let go of the lease of a release that is over; one that may not be touched runs out by itself."""
        with contextlib.suppress(NotFound, Forbidden):
            self._leases.amend(lease, lambda _now: {"spec": {"holderIdentity": None, "renewTime": None}})

    def _amend(self, journal: Journal, change: Callable[[Journal], Journal]) -> None:
        """Change a journal for as long as its release is open; again when somebody else wrote meanwhile."""
        for _attempt in range(ATTEMPTS):
            if journal.current is None:
                return
            try:
                self.write(change(journal))
                return
            except Conflict:
                journal = self.read(journal.service)
        raise Conflict(f"ConfigMap {name_of(journal.service)} is written to all the time: end the release first")


def _taken(journal: Journal, by: str) -> Journal:
    taken = {"holder": by, "phase": "aborting", "reason": CLEARED, "since": round(time.time(), 3)}
    return replace(journal, current={**(journal.current or {}), **taken})


def _body(service: str, data: Json) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name_of(service), "labels": {**LABELS, SERVICE: service}},
        "data": {key: value for key, value in data.items() if value is not None},
    }


def _parsed(body: Json, service: str) -> Journal:
    data = body.get("data") or {}
    try:
        current, history = json.loads(data.get("current") or "null"), json.loads(data.get("history") or "[]")
        if not isinstance(current, dict | None) or not isinstance(history, list):
            raise ValueError
    except ValueError as error:
        name = body["metadata"]["name"]
        raise ClusterError(f"ConfigMap {name} is no journal any more: delete it, then stage the overlay") from error
    return Journal(service, body["metadata"]["resourceVersion"], current, history)
