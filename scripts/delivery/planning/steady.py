"""Since when a service is as it usually is: what was before that tells nothing about a release that begins now."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from cluster.client import Cluster
from cluster.transport import Json
from delivery.journal.release import Release
from delivery.journal.store import ended_releases


def steady_since(cluster: Cluster, release: Release) -> float:
    """Return since when the stable version has had all users undisturbed, as Unix time; 0 if nothing says so.

    That is when the release before this one had ended, and when the stable version's oldest pod was there: the errors
    of a bad release, or of a version that was replaced, are not the stable version's own.
    """
    return max([0.0, *_ends(cluster, release.service), *_beginning(cluster, release.stable)])


def _ends(cluster: Cluster, service: str) -> Iterator[float]:
    yield from (float(each["ended"]) for each in ended_releases(cluster, service)[-1:])


def _beginning(cluster: Cluster, deployment: str) -> Iterator[float]:
    """Yield when the oldest pod of a Deployment started, if there is one that stays."""
    labels = cluster.deployments.get(deployment)["spec"]["selector"]["matchLabels"]
    pods = [pod for pod in cluster.pods.list(labels) if "deletionTimestamp" not in pod["metadata"]]
    started = [told for told in map(_started, pods) if told]
    if started:
        yield min(started)


def _started(pod: Json) -> float:
    told = pod.get("status", {}).get("startTime") or pod["metadata"].get("creationTimestamp")
    return datetime.datetime.fromisoformat(told).timestamp() if told else 0.0
