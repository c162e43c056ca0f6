"""The platform itself: Secrets, what the gateway gets on top, Prometheus, and the shop, in this order."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cluster import secrets
from cluster.client import GATEWAY_NAMESPACE, Cluster
from cluster.manifests import render
from cluster.permissions import check_fit
from cluster.prometheus import NAMESPACE as PROMETHEUS_NAMESPACE
from cluster.settings import REPOSITORY
from cluster.stage import Change, stage
from provision.ready import PULL_DEADLINE
from provision.steps import UNCHANGED, Steps

GATEWAY = REPOSITORY / "istio" / "gateway"
NO_CHANGE = (UNCHANGED, "ready", "complete")
PROMETHEUS = REPOSITORY / "observability" / "prometheus"


def put(cluster: Cluster, overlay: str, steps: Steps, own_gateway: bool) -> None:
    """Bring a cluster to what the tree says, and wait until it is ready.

    Args:
        cluster: the shop's namespace.
        overlay: folder of the overlay, or its name.
        steps: told of each part.
        own_gateway: whether the gateway serves nobody else, so that the platform may add to it.

    Raises:
        ClusterError: the cluster lacks something, or a part did not become ready.
    """
    around = list(_around(cluster, own_gateway))
    objects = render(overlay, cluster.namespace, cluster.settings.registry)
    check_fit(cluster, objects)
    for place, folder in around:
        check_fit(place, render(folder), releases=False)
    with steps.step(f"Secrets in namespace {cluster.namespace}") as step:
        step.outcome = _in_words(secrets.ensure(cluster, objects))
    for place, folder in [*around, (cluster, overlay)]:
        with steps.step(f"{Path(folder).name} in namespace {place.namespace}") as step:
            step.outcome = _in_words(stage(place, folder, timeout=PULL_DEADLINE))


def _around(cluster: Cluster, own_gateway: bool) -> Iterable[tuple[Cluster, Path | str]]:
    """Yield what is staged beside the shop; a Prometheus that was named is somebody else's."""
    if own_gateway:
        yield cluster.at(GATEWAY_NAMESPACE), GATEWAY
    if not cluster.settings.prometheus_url:
        yield cluster.at(PROMETHEUS_NAMESPACE), PROMETHEUS


def _in_words(changes: list[Change]) -> str:
    outcomes = [change.outcome for change in changes if change.outcome not in NO_CHANGE]
    counts = [f"{outcomes.count(outcome)} {outcome}" for outcome in dict.fromkeys(outcomes)]
    return ", ".join(counts) or UNCHANGED
