"""A release under way, and how things were before it: written into the cluster, so that any process can undo it."""

from __future__ import annotations

import contextlib
import datetime
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from cluster.client import Cluster
from cluster.errors import NotFound
from cluster.transport import Json
from delivery.errors import DeliveryError

# On the new version's Deployment, which is the lock: whoever creates it has the release; and on the Service.
ANNOTATION = "delivery.proving-ground/release"


@dataclass(frozen=True)
class Release:
    """What is released, and what was there before.

    Attributes:
        service: the Service under release.
        strategy: its name.
        image: image of the new version.
        version: what the new version answers with.
        stable: name of the Deployment that had the traffic.
        copy: name of the new version's Deployment.
        selector: selector of the Service before.
        images: image of each container of the stable Deployment before.
        stable_version: its label ``version`` before, empty if it had none.
        weights: weight of each subset before, empty where a selector moves the users.
        preview_selector: selector of the preview Service before, empty where weights move the users.
        ramp: weights and demands as they were resolved, as `delivery.ramp.Ramp` writes them.
        started: when the release began.
    """

    service: str
    strategy: str
    image: str
    version: str
    stable: str
    copy: str
    selector: dict[str, str]
    images: dict[str, str]
    stable_version: str
    weights: dict[str, int] = field(default_factory=dict)
    preview_selector: dict[str, str] = field(default_factory=dict)
    ramp: dict[str, Any] = field(default_factory=dict)
    started: str = field(default_factory=lambda: datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"))

    def annotation(self) -> dict[str, str]:
        """Return the annotation that holds all of this."""
        return {ANNOTATION: json.dumps(asdict(self), sort_keys=True)}


def find_release(cluster: Cluster, service: str) -> Release | None:
    """Return the release of a Service that is under way, or None.

    The Deployment of the new version counts first: the Service's note outlives a release whose Deployment was pruned
    when the stage was set anew.
    """
    for deployment in cluster.deployments.list():
        for release in _read(deployment):
            if release.service == service:
                return release
    return next(_read(cluster.services.get(service)), None)


def running(cluster: Cluster, release: Release) -> bool:
    """Tell whether the new version of a release is still there."""
    return cluster.deployments.find(release.copy) is not None


def note(cluster: Cluster, release: Release) -> None:
    """Write the release onto its Service."""
    cluster.services.patch(release.service, {"metadata": {"annotations": release.annotation()}})


def forget(cluster: Cluster, release: Release) -> None:
    """Take the notes away: the release has ended, and nobody may undo it any more."""
    nothing = {"metadata": {"annotations": {ANNOTATION: None}}}
    with contextlib.suppress(NotFound):
        cluster.deployments.patch(release.copy, nothing)
    cluster.services.patch(release.service, nothing)


def _read(body: Json) -> Iterator[Release]:
    text = (body["metadata"].get("annotations") or {}).get(ANNOTATION)
    if text is None:
        return
    try:
        yield Release(**json.loads(text))
    except (ValueError, TypeError) as error:
        name = f"{body.get('kind') or 'object'} {body['metadata']['name']}"
        raise DeliveryError(
            f"the annotation {ANNOTATION} of {name} cannot be read: remove it, and stage the overlay again"
        ) from error
