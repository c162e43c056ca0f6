"""One process's hold on one release: the lease that shows it alive, and the journal that says whose the release is.

Every request for the release passes by here. Before each of them it is seen that the release is still ours; every
transition is bound to the journal as we wrote it last. So a process that was stopped and goes on after another one took
over does nothing more.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

from cluster.client import Cluster
from cluster.collection import ATTEMPTS, Collection
from cluster.errors import Conflict, NotFound
from cluster.journals import Journal, Journals
from cluster.patience import Patience
from cluster.transport import Json
from delivery.errors import Asked, DeliveryError, Lost, UnderWay
from delivery.journal import lease as leases
from delivery.journal.entry import Entry, Phase, parse
from delivery.journal.holder import identify, short
from delivery.journal.lease import Lease
from delivery.journal.pulse import Pulse
from delivery.journal.release import Release

T = TypeVar("T")

# With no user on the new version, an API server that stays away ends the release; with users on it, they are brought
# back whenever that is possible.
PATIENCE, PATIENCE_WITH_USERS = 60.0, 600.0
CLEANING = "clean"


class Tenure:
    """Holds one release; made by `begin` and `take_over`.

    Args:
        cluster: the namespace.
        service: the service under release.
    """

    entry: Entry

    def __init__(self, cluster: Cluster, service: str) -> None:
        self._plain = cluster
        self._service = service
        self.holder = identify()
        self._early = cluster.patient(Patience(PATIENCE))
        self._lease = Lease(self._early, service)
        self._journal = Journal(service)
        self._pulse = Pulse(cluster, service, self.holder)
        self._thread = threading.get_ident()
        self._hasty = self._going_back = False
        # Who bears every request; see `bear`.
        self.cluster = cluster.patient(self)

    @classmethod
    def begin(cls, cluster: Cluster, service: str, plan: Callable[[], Release], **values: Any) -> Tenure:
        """Take a service for a new release.

        Args:
            cluster: the namespace.
            service: the service.
            plan: reads how things are, once nobody else can change them.
            values: what else the journal says from the start.

        Raises:
            UnderWay: another release of the service has not ended.
        """
        tenure = cls(cluster, service)
        tenure._take(Journals(tenure._early))
        try:
            tenure._open(Entry(release=plan(), holder=tenure.holder, **values))
        except (Exception, KeyboardInterrupt, SystemExit):
            tenure._lease.release(tenure.holder)
            raise
        tenure._pulse.start()
        return tenure

    @classmethod
    def take_over(cls, cluster: Cluster, service: str) -> Tenure:
        """Take a release that some process left behind.

        Raises:
            UnderWay: that process is alive.
            DeliveryError: there is none.
        """
        tenure = cls(cluster, service)
        tenure._seize(Journals(tenure._early))
        tenure._pulse.start()
        return tenure

    # Transitions

    def write(self, **changes: Any) -> None:
        """Write down what the release does next.

        Raises:
            Lost: the release is somebody else's.
        """
        wanted = self.entry.changed(**changes)

        def change(journal: Journal) -> Journal:
            asked = (journal.current or {}).get("asked")  # the only thing that others may write
            return replace(journal, current={**wanted.written(), "asked": asked})

        self._put(change)
        self.entry = wanted

    def end(self, outcome: str, reason: str) -> None:
        """Write down how the release ended, and let go of it."""
        current = self.entry.changed(reason=reason).written()
        self._put(lambda journal: replace(journal, current=current).ended(outcome, reason))
        self.let_go()

    def let_go(self) -> None:
        """Leave the release as it is to whoever goes on with it."""
        self._pulse.stop()
        self._lease.release(self.holder)

    def lose(self) -> None:
        """Stop the heartbeat of a release that is somebody else's."""
        self._pulse.stop()

    # Guarding

    def mine(self) -> None:
        """Take the calling thread for the one that carries the release out."""
        self._thread = threading.get_ident()

    def tell(self, finding: str) -> None:
        """Let those who ask for the status know what the judge said last."""
        self._pulse.finding = finding

    def bear(self, ask: Callable[[], T]) -> T:
        """Send a request of the release: only while it is ours, and again while the API server is away or busy.

        Raises:
            Lost: the release is not ours any more.
            Asked: somebody wants it to go back.
            ClusterError: the API server stayed away for too long, or refuses.
        """
        if threading.get_ident() != self._thread:  # a watch, which is asked anew by who follows it
            return ask()

        def checked() -> T:
            self.check()
            return ask()

        return Patience(self._patience()).bear(checked)

    def check(self) -> None:
        """See that the release is still ours; a lease that may have run out is renewed first.

        Raises:
            Lost: it is not.
            Asked: somebody wants it to go back.
        """
        if not self._pulse.lost and self._pulse.silent > leases.DURATION:
            self._pulse.beat()
        if self._pulse.lost:
            raise Lost(self._pulse.lost)
        asked = self._pulse.asked
        if asked and asked != self.entry.asked and self.can_go_back:  # what was asked before we took over, we know
            raise Asked(f"{short(asked.by)} asked for it: {asked.reason}")

    def look(self) -> None:
        """Look into the journal now; otherwise see `check`."""
        self._pulse.see(Journals(self.cluster).read(self._service))
        self.check()

    @property
    def can_go_back(self) -> bool:
        """Tell whether the release is neither on its way back nor so far that the old version is gone."""
        return not self._going_back and self.entry.phase is not Phase.ABORTING and self.entry.part != CLEANING

    def go_back(self) -> None:
        """From now on the release goes back: nobody needs to ask for it any more."""
        self._going_back = True

    def make(self, pick: Callable[[Cluster], Collection], body: Json) -> Json:
        """Create an object that carries the release's mark; one that is there already is taken if the mark is ours.

        Raises:
            Lost: the release is not ours any more; what was made too late is removed again.
            DeliveryError: the name is taken.
        """
        name = body["metadata"]["name"]
        try:
            made = pick(self.cluster).create(body)
        except Conflict as error:
            made = pick(self.cluster).get(name)
            if not self.entry.release.made(made):
                raise DeliveryError(f"{body['kind']} {name} exists already and is none of this release's") from error
        try:
            self.check()
        except Lost:
            pick(self._plain).delete(name, uid=made["metadata"]["uid"])
            raise
        return made

    @contextlib.contextmanager
    def hasty(self) -> Iterator[None]:
        """Ask nothing twice within: what is asked will be asked again soon anyway."""
        self._hasty = True
        try:
            yield
        finally:
            self._hasty = False

    def _patience(self) -> float:
        if self._hasty:
            return 0.0
        return PATIENCE if self.entry.shares == (0,) else PATIENCE_WITH_USERS

    # Inside

    def _put(self, change: Callable[[Journal], Journal]) -> None:
        """Write the journal; whether a conflict is our own write whose answer was lost, the journal itself says."""
        journals = Journals(self.cluster)
        for _attempt in range(ATTEMPTS):
            wanted = change(self._journal)
            try:
                self._journal = journals.write(wanted)
                return
            except NotFound:
                self._journal = replace(self._journal, version="")
            except Conflict:
                found = journals.read(self._service)
                if (found.current, found.history) == (wanted.current, wanted.history):
                    self._journal = found
                    return
                self._see(found)
                self._journal = found
        raise DeliveryError(f"the journal of {self._service} is written to all the time: it cannot be kept")

    def _see(self, found: Journal) -> None:
        try:
            self._pulse.see(found)
        except Lost as lost:
            self._pulse.lost = str(lost)
            raise

    def _take(self, journals: Journals) -> None:
        """Take the lease, if no release is open."""
        for _attempt in range(ATTEMPTS):
            self._journal, grip = journals.read(self._service), self._lease.read()
            if self._journal.current:
                raise under_way(parse(self._journal.current, self._service), grip)
            if grip.holder == self.holder:  # the answer that said so was lost
                return
            if not grip.dead:
                raise UnderWay(f"a release of {self._service} begins or ends at this moment: {grip.words}")
            try:
                self._lease.take(self.holder, grip)
                return
            except Conflict:
                continue
        raise UnderWay(f"others keep taking the lease of {self._service}: try again")

    def _open(self, entry: Entry) -> None:
        self.entry = entry
        try:
            self._journal = Journals(self._early).write(replace(self._journal, current=entry.written()))
        except Conflict:
            self._journal = Journals(self._early).read(self._service)
            current = self._journal.current
            if current is None:
                raise UnderWay(f"a release of {self._service} has ended at this moment: try again") from None
            if parse(current, self._service).holder != self.holder:
                raise under_way(parse(current, self._service), self._lease.read()) from None

    def _seize(self, journals: Journals) -> None:
        """Take the lease of a dead release, then write into the journal whose it is now."""
        if journals.read(self._service).current is None:
            self._free()
            raise none_under_way(self._plain, self._service)
        try:
            grip = leases.await_dead(self._lease)
            self._lease.take(self.holder, grip)
        except Conflict:
            if self._lease.read().holder != self.holder:
                raise UnderWay(f"somebody else takes this release of {self._service} over at this moment") from None
        self._inherit(journals)

    def _inherit(self, journals: Journals) -> None:
        for _attempt in range(ATTEMPTS):
            self._journal = journals.read(self._service)
            if self._journal.current is None:
                self._lease.release(self.holder)
                raise none_under_way(self._plain, self._service)
            found = parse(self._journal.current, self._service)
            self.entry = (
                found
                if found.holder == self.holder
                else found.changed(holder=self.holder, epoch=found.epoch + 1, since=found.since)
            )
            try:
                self._journal = journals.write(replace(self._journal, current=self.entry.written()))
                return
            except Conflict:
                continue
        raise UnderWay(f"the journal of {self._service} is written to all the time: its release is alive")

    def _free(self) -> None:
        """Let go of a lease that a process left behind between the end of its release and its own."""
        grip = self._lease.read()
        if grip.holder and grip.dead:
            self._lease.release(grip.holder)


def refuse_second(cluster: Cluster, service: str) -> None:
    """See that no release of a service is open.

    Raises:
        UnderWay: one is.
    """
    current = Journals(cluster).read(service).current
    if current is not None:
        raise under_way(parse(current, service), Lease(cluster, service).read())


def under_way(entry: Entry, grip: leases.Grip) -> UnderWay:
    """Return the refusal of a second release: who has the first one, and what can be done."""
    release = entry.release
    todo = f"`deliver abort {release.service}` ends it"
    if grip.dead:
        todo = f"`deliver resume {release.service}` goes on with it, " + todo
    return UnderWay(
        f"a {release.strategy} release of {release.service} to {release.image} is under way since {release.started},"
        f" {entry.doing}; {grip.words}; {todo}"
    )


def none_under_way(cluster: Cluster, service: str) -> DeliveryError:
    """Return the refusal where there is nothing to go on with."""
    return DeliveryError(f"no release of {service} is under way in namespace {cluster.namespace}")
