"""The heartbeat: keeps the lease in a thread of its own, and notices when the release is somebody else's."""

from __future__ import annotations

import contextlib
import threading
import time

from cluster.client import Cluster
from cluster.errors import ClusterError
from cluster.journals import Journal, Journals
from cluster.patience import Patience
from delivery.errors import Lost
from delivery.journal import lease as leases
from delivery.journal.entry import Request
from delivery.journal.holder import short
from delivery.journal.lease import Lease


class Pulse:
    """Shows that a release is alive, and listens.

    Args:
        cluster: the namespace.
        service: the service under release.
        holder: who carries the release out.

    Attributes:
        lost: why the release is not ours any more, empty as long as it is.
        asked: that somebody asks for an end.
        finding: what the judge said last, for those who ask for the status.
    """

    def __init__(self, cluster: Cluster, service: str, holder: str) -> None:
        # An answer that is late is no answer: the next beat is due.
        quick = cluster.patient(Patience(seconds=0.0))
        self._lease, self._journals = Lease(quick, service), Journals(quick)
        self._service, self._holder = service, holder
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"pulse-{service}", daemon=True)
        self.lost, self.finding = "", ""
        self.asked: Request | None = None
        self._renewed = _clocks()

    def start(self) -> None:
        """Begin to beat."""
        self._renewed = _clocks()
        self._thread.start()

    def stop(self) -> None:
        """End the thread; the lease stays as it is."""
        self._stopped.set()

    @property
    def silent(self) -> float:
        """Return the seconds since the last beat that was heard; by the clock that ran longer, for a laptop sleeps."""
        return max(now - then for now, then in zip(_clocks(), self._renewed, strict=True))

    def beat(self) -> None:
        """Look into the journal and renew the lease.

        Raises:
            Lost: somebody else has the release.
            ClusterError: the API server does not answer.
        """
        now = _clocks()
        try:
            self.see(self._journals.read(self._service))
            self._lease.renew(self._holder, self.finding)
        except Lost as lost:
            self.lost = str(lost)
            raise
        self._renewed = now

    def see(self, journal: Journal) -> None:
        """Look at the journal as somebody read it.

        Raises:
            Lost: the release in it is not ours.
        """
        if not journal.version:  # somebody deleted it: the next transition writes it anew
            return
        holder = (journal.current or {}).get("holder")
        if holder != self._holder:
            raise Lost(
                f"this release of {self._service} is over for us: {_fate(journal)}; nothing more is done from here"
            )
        asked = (journal.current or {}).get("asked")
        self.asked = Request.model_validate(asked) if asked else self.asked

    def _run(self) -> None:
        while not self._stopped.wait(leases.BEAT):
            with contextlib.suppress(ClusterError):
                try:
                    self.beat()
                except Lost:
                    return


def _clocks() -> tuple[float, float]:
    return time.monotonic(), time.time()


def _fate(journal: Journal) -> str:
    if journal.current:
        return f"{short(str(journal.current.get('holder')))} has taken it over"
    last = journal.history[-1] if journal.history else {}
    return f"it has ended ({last.get('outcome', 'somebody removed it')}: {last.get('reason', 'unknown')})"
