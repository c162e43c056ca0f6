"""The lease of a release: shows whether whoever carries it out is alive; who that is, says the journal."""

from __future__ import annotations

import datetime
import time
from dataclasses import dataclass

from cluster.client import Cluster
from cluster.journals import COORDINATION, LABELS, SERVICE, name_of
from cluster.transport import Json
from delivery.errors import Lost, UnderWay
from delivery.journal.holder import is_gone, short

# A holder that was not heard of for so long is dead; several heartbeats may be lost to a slow API server before that.
DURATION = 15
BEAT = 3.0
# Two readings so far apart tell a live holder from a dead one whose clock differs: some heartbeat lies in between.
LISTEN = 2 * BEAT
LOOK = 0.5
# Where whoever asks for the status finds what the judge said last.
FINDING = "delivery.proving-ground/finding"


@dataclass(frozen=True)
class Grip:
    """A lease as it was read.

    Attributes:
        holder: who holds it, empty for nobody.
        renewed: Unix time of the last heartbeat by the holder's clock, 0 if there was none.
        version: resource version, empty where there is no lease.
        finding: what the holder's judge said last.
    """

    holder: str = ""
    renewed: float = 0.0
    version: str = ""
    finding: str = ""

    @property
    def age(self) -> float:
        """Return the seconds since the last heartbeat."""
        return max(0.0, time.time() - self.renewed)

    @property
    def dead(self) -> bool:
        """Tell whether nobody is there any more, as far as one reading tells."""
        return not self.holder or is_gone(self.holder) or self.age > DURATION

    @property
    def words(self) -> str:
        """Return who holds it and whether that is alive, in words."""
        if not self.holder:
            return "nobody holds it"
        state = "dead" if self.dead else "alive"
        return f"{short(self.holder)} holds it, {state}: last heartbeat {self.age:.0f} s ago"


class Lease:
    """The lease of one service's release.

    Args:
        cluster: the namespace.
        service: the service.
    """

    def __init__(self, cluster: Cluster, service: str) -> None:
        self._leases = cluster.collection(COORDINATION, "leases")
        self.service = service
        self._name = name_of(service)

    def read(self) -> Grip:
        """Return who holds it."""
        found = self._leases.find(self._name)
        return Grip() if found is None else _grip(found)

    def take(self, holder: str, grip: Grip) -> Grip:
        """Take the lease, if it is still as it was read.

        Raises:
            Conflict: it is not.
        """
        now = _now()
        spec = {
            "holderIdentity": holder,
            "leaseDurationSeconds": max(1, int(DURATION)),
            "acquireTime": now,
            "renewTime": now,
        }
        if grip.version:
            patch = {"metadata": {"resourceVersion": grip.version, "annotations": {FINDING: None}}, "spec": spec}
            return _grip(self._leases.patch(self._name, patch))
        labels = {**LABELS, SERVICE: self.service}
        body = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": self._name, "labels": labels},
        }
        return _grip(self._leases.create({**body, "spec": spec}))

    def renew(self, holder: str, finding: str = "") -> None:
        """Show that the holder is alive.

        Raises:
            Lost: somebody else holds the lease now.
        """

        def beat(current: Json) -> Json:
            held = _grip(current).holder
            if held != holder:
                raise Lost(
                    f"{short(held) or 'nobody'} holds the lease of {self.service} now: nothing more is done from here"
                )
            return {"metadata": {"annotations": {FINDING: finding or None}}, "spec": {"renewTime": _now()}}

        self._leases.amend(self._name, beat)

    def release(self, holder: str) -> None:
        """Let go of the lease, if it is held by that one."""

        def let_go(current: Json) -> Json | None:
            return {"spec": {"holderIdentity": None, "renewTime": None}} if _grip(current).holder == holder else None

        if self._leases.find(self._name) is not None:
            self._leases.amend(self._name, let_go)


def await_dead(lease: Lease) -> Grip:
    """Wait until it is sure that nobody holds a lease any more, and return it as it was read last.

    Clocks of two machines may differ: only what was not renewed before our own eyes is dead, whatever it says.

    Raises:
        UnderWay: its holder is alive.
    """
    grip, since = lease.read(), time.monotonic()
    while grip.holder and not is_gone(grip.holder):
        silent = time.monotonic() - since
        if silent >= DURATION or (silent >= LISTEN and grip.age > DURATION):
            break
        time.sleep(LOOK)
        before, grip = grip, lease.read()
        if grip.holder and (grip.holder, grip.renewed) != (before.holder, before.renewed):
            raise UnderWay(f"{grip.words}: ask it to go back with `deliver abort {lease.service}`")
    return grip


def _grip(body: Json) -> Grip:
    spec, meta = body.get("spec") or {}, body["metadata"]
    renewed = spec.get("renewTime")
    return Grip(
        holder=spec.get("holderIdentity") or "",
        renewed=datetime.datetime.fromisoformat(renewed).timestamp() if renewed else 0.0,
        version=meta["resourceVersion"],
        finding=(meta.get("annotations") or {}).get(FINDING, ""),
    )


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
