"""How a release begins: the new version's Deployment without pods, its migration, its pods, and the side door to them.

Each part looks at what is there already, so that a release that died in between begins again where it was.
"""

from __future__ import annotations

from collections.abc import Sequence

from cluster import wait
from cluster.client import Cluster
from cluster.errors import Unready
from cluster.transport import Json
from delivery import migration, smoke
from delivery.errors import UnderWay
from delivery.journal.release import Release, mark_of
from delivery.journal.tenure import Tenure
from delivery.steps import Reporter
from delivery.strategies.strategy import Strategy

# How long a gateway may take to know a version that is ready.
REACH_DEADLINE = 15.0


def planned(cluster: Cluster, strategy: Strategy, service: str, image: str) -> Release:
    """Return what a release is about, if it can be carried out; nothing is changed.

    Raises:
        DeliveryError: the stage is not set, or the image makes no sense.
        UnderWay: something that no release made bears the name that the new version's Deployment would get.
    """
    release, _body = strategy.plan(service, image)
    migration.plan(cluster, release)
    found = cluster.deployments.find(release.copy)
    if found is not None and not mark_of(found):
        raise UnderWay(
            f"Deployment {release.copy} exists already and no release made it: staging the overlay removes it"
        )
    return release


def bring_up(tenure: Tenure, strategy: Strategy, reporter: Reporter, paths: Sequence[str]) -> None:
    """Run the new version beside the stable one, until the side door leads to it.

    Raises:
        Unready: its migration fails, or it does not get ready, or cannot be reached.
    """
    cluster, release = tenure.cluster, tenure.entry.release
    job = migration.plan(cluster, release)
    _make_copy(tenure, strategy)
    if job is not None:
        with reporter.step("migrate", job=job["metadata"]["name"]):
            migration.run(tenure, job)
    _let_pods_come(cluster, release)
    wait.deployment_ready(cluster, release.copy)
    strategy.open_door(release)
    _reach(cluster, release, strategy.track, paths[0])


def _make_copy(tenure: Tenure, strategy: Strategy) -> None:
    """Make the Deployment, without pods; what a release that has ended made too late, goes first."""
    deployments, release = tenure.cluster.deployments, tenure.entry.release
    found = deployments.find(release.copy)
    if found is not None and release.made(found):
        return
    if found is not None:
        deployments.delete(release.copy, "Foreground", uid=found["metadata"]["uid"])
        wait.gone(deployments, release.copy, found["metadata"]["uid"])
    body: Json = strategy.body(release)
    body["spec"]["replicas"] = 0
    tenure.make(lambda cluster: cluster.deployments, body)


def _let_pods_come(cluster: Cluster, release: Release) -> None:
    replicas = cluster.deployments.get(release.stable)["spec"].get("replicas", 1)
    cluster.deployments.patch(release.copy, {"spec": {"replicas": replicas}})


def _reach(cluster: Cluster, release: Release, track: str, path: str) -> None:
    answer = smoke.reach(cluster.gateway_url, path, track, REACH_DEADLINE)
    if not answer.version:
        why = f"the gateway does not lead to it by {smoke.HEADER}: {track}: {answer.said}"
        raise Unready(f"Deployment {release.copy}", "NotReached", why)
