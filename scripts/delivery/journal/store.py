"""What the cluster says of releases: the open one, those that ended, and who holds the lease."""

from __future__ import annotations

from cluster.client import Cluster
from cluster.journals import Journals
from cluster.transport import Json
from delivery.journal.entry import Entry, parse
from delivery.journal.lease import Grip, Lease
from delivery.journal.release import Release


def open_release(cluster: Cluster, service: str) -> Entry | None:
    """Return what the journal says of the release that has not ended, or None."""
    current = Journals(cluster).read(service).current
    return None if current is None else parse(current, service)


def find_release(cluster: Cluster, service: str) -> Release | None:
    """Return the release that has not ended, or None."""
    entry = open_release(cluster, service)
    return None if entry is None else entry.release


def ended_releases(cluster: Cluster, service: str) -> list[Json]:
    """Return the last releases that ended, the oldest first."""
    return Journals(cluster).read(service).history


def grip(cluster: Cluster, service: str) -> Grip:
    """Return who holds the lease of a service's release."""
    return Lease(cluster, service).read()
