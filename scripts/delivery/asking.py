"""What one process asks of a release that another one carries out, or carried out until it died."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from cluster.client import Cluster
from cluster.collection import ATTEMPTS
from cluster.errors import Conflict
from cluster.journals import Journal, Journals
from delivery import command
from delivery.errors import UnderWay
from delivery.journal.entry import Entry, Request, parse
from delivery.journal.holder import identify
from delivery.journal.lease import Lease
from delivery.journal.store import ended_releases, open_release
from delivery.journal.tenure import under_way
from delivery.judgement import Outcome
from delivery.rollout import Rollout
from delivery.steps import OnStep

# How often it is looked whether a live release has ended.
LOOK = 0.5


def left_behind(cluster: Cluster, service: str, image: str) -> bool:
    """Tell whether a release of this image is open: one that died is to be gone on with.

    Raises:
        UnderWay: a release of another image is.
    """
    entry = open_release(cluster, service)
    if entry is None:
        return False
    if entry.release.image != image:
        raise under_way(entry, Lease(cluster, service).read())
    return True


def ended(cluster: Cluster, service: str, identity: str) -> tuple[Outcome, str] | None:
    """Return how the release of this identity ended, and why; None if it has not, or never began.

    A Job whose pod died after its release had ended is not to begin another one.
    """
    for entry in reversed(ended_releases(cluster, service)):
        if entry["release"]["id"] == identity:
            known = entry["outcome"] in set(Outcome)
            return Outcome(entry["outcome"]) if known else Outcome.HANDED_OVER, str(entry["reason"])
    return None


def abort(cluster: Cluster, service: str, reason: str, on_step: OnStep, say: Callable[[str], None]) -> str:
    """End the open release: a live one is asked to go back and waited for, a dead one is taken over.

    Returns:
        how it ended.

    Raises:
        DeliveryError: no release is open.
    """
    entry = open_release(cluster, service)
    grip = Lease(cluster, service).read()
    if entry is not None and not grip.dead:
        say(f"{grip.words}: asked to go back")
        if outcome := _ask(cluster, entry, reason):
            return outcome
        say("it died before it was back: taking it over")
    try:
        return str(command.go_back(Rollout.resume(cluster, service, on_step), reason)[0])
    except UnderWay:  # it only looked dead
        if entry is None or (outcome := _ask(cluster, entry, reason)) is None:
            raise
        return outcome


def _ask(cluster: Cluster, entry: Entry, reason: str) -> str | None:
    """Ask a live release to go back, and return how it ended; None if it died instead."""
    service, journals = entry.release.service, Journals(cluster)
    request = Request(by=identify(), reason=reason, time=round(time.time(), 3))
    _note(journals, entry, request)
    while True:
        journal = journals.read(service)
        if ended := _outcome(journal, entry):
            return ended
        if Lease(cluster, service).read().dead:
            ended = _outcome(journals.read(service), entry)  # it may have let go after its end
            return ended or None
        time.sleep(LOOK)


def _note(journals: Journals, entry: Entry, request: Request) -> None:
    """Write the request into the journal, beside whatever the release writes."""
    for _attempt in range(ATTEMPTS):
        journal = journals.read(entry.release.service)
        if journal.current is None or parse(journal.current, journal.service).release.id != entry.release.id:
            return
        try:
            journals.write(replace(journal, current={**journal.current, "asked": request.model_dump(mode="json")}))
            return
        except Conflict:
            continue
    raise UnderWay(f"the journal of {entry.release.service} is written to all the time: try again")


def _outcome(journal: Journal, entry: Entry) -> str:
    """Return how a release ended, empty as long as it has not."""
    ended = [each for each in journal.history if each["release"]["id"] == entry.release.id]
    return str(ended[-1]["outcome"]) if ended else ""
