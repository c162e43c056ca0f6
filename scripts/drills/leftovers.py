"""What a release has left behind on the cluster once it has ended, whichever way: nothing is the only right answer.

It is read from the cluster itself and takes nobody's word for it: a release that says that it has cleaned up is under
test. Users notice none of this; the next release would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cluster.client import Cluster
from cluster.routing import FULL, Router
from cluster.transport import Json
from cluster.workloads import JOB
from delivery import copies
from delivery.journal.store import find_release
from drills.twins import ROLLED_BACK

COORDINATION = "/apis/coordination.k8s.io/v1"
# Told the outcome of a release, returns what is left of it, each in a few words.
Check = Callable[[str], list[str]]


def watched(cluster: Cluster, service: str) -> Check:
    """Look at a service before its release, and return what tells afterwards whether the release left nothing behind.

    Raises:
        ClusterError: the cluster cannot be asked; the check itself may raise it as well.
    """
    before = _Standing.read(cluster, service)

    def check(outcome: str) -> list[str]:
        found = list(leftovers(cluster, service))
        return found + (list(_moved(before, _Standing.read(cluster, service))) if outcome == ROLLED_BACK else [])

    return check


def leftovers(cluster: Cluster, service: str) -> Iterator[str]:
    """Yield what is there of a service's releases though none is under way.

    Raises:
        ClusterError: the cluster cannot be asked.
    """
    for look in (_deployments, _jobs, _open_release, _held_lease, _weights):
        yield from look(cluster, service)


@dataclass(frozen=True)
class _Standing:
    """What leads users to a version, and what that version is."""

    selectors: dict[str, dict[str, str]]
    images: dict[str, dict[str, str]]

    @classmethod
    def read(cls, cluster: Cluster, service: str) -> _Standing:
        services = (cluster.services.find(name) for name in (service, f"{service}-preview"))
        deployments = cluster.deployments.list({"app": service})
        return cls(
            {each["metadata"]["name"]: each["spec"]["selector"] for each in services if each},
            {each["metadata"]["name"]: copies.images(each) for each in deployments},
        )


def _moved(before: _Standing, after: _Standing) -> Iterator[str]:
    """Yield what a release that was rolled back has changed for good."""
    for name, selector in before.selectors.items():
        if (now := after.selectors.get(name)) != selector:
            yield f"Service {name} selects {_pairs(now or {})}, not {_pairs(selector)} as before"
    for name, images in before.images.items():
        if (runs := after.images.get(name)) != images:
            yield f"Deployment {name} runs {_values(runs or {})}, not {_values(images)} as before"


def _deployments(cluster: Cluster, service: str) -> Iterator[str]:
    selector = cluster.services.get(service)["spec"]["selector"]
    for body in cluster.deployments.list({"app": service}):
        if not _is_stable(body, selector):
            yield f"Deployment {body['metadata']['name']}"


def _is_stable(deployment: Json, selector: dict[str, str]) -> bool:
    labels = copies.template_labels(deployment)
    return selector.items() <= labels.items() and labels.get(copies.TRACK) != "canary"


def _jobs(cluster: Cluster, service: str) -> Iterator[str]:
    for body in JOB.collection(cluster).list():
        if body["metadata"]["name"].startswith(f"{service}-migrate-"):
            yield f"Job {body['metadata']['name']}"


def _open_release(cluster: Cluster, service: str) -> Iterator[str]:
    release = find_release(cluster, service)
    if release is not None:
        yield f"an open release to {release.image}"


def _held_lease(cluster: Cluster, service: str) -> Iterator[str]:
    lease = cluster.collection(COORDINATION, "leases").find(f"release-{service}")
    holder = (lease or {}).get("spec", {}).get("holderIdentity")
    if holder:
        yield f"a lease that {holder} holds"


def _weights(cluster: Cluster, service: str) -> Iterator[str]:
    weights = Router(cluster).weights(service)
    if weights.get("stable") != FULL:
        yield f"weights {_pairs(weights)}"


def _pairs(values: dict[str, str] | dict[str, int]) -> str:
    return ", ".join(f"{key}={value}" for key, value in values.items()) or "nothing"


def _values(values: dict[str, str]) -> str:
    return ", ".join(sorted(set(values.values()))) or "nothing"
