"""The platform itself: Secrets, what the gateway gets on top, what lets it be seen, and the shop, in this order."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cluster import secrets
from cluster.client import GATEWAY_NAMESPACE, Cluster
from cluster.elk_secrets import brings_elasticsearch
from cluster.manifests import render
from cluster.permissions import check_fit
from cluster.prometheus import NAMESPACE as PROMETHEUS_NAMESPACE
from cluster.settings import REPOSITORY
from cluster.stage import Change, stage
from provision.errors import ProvisionError
from provision.ready import PULL_DEADLINE
from provision.steps import UNCHANGED, Steps

GATEWAY = REPOSITORY / "istio" / "gateway"
NO_CHANGE = (UNCHANGED, "ready", "complete")
OVERLAYS = REPOSITORY / "observability" / "overlays"
# Reads the nodes' files, which nothing else may: hence its own namespace, and a staging of its own.
FILEBEAT = REPOSITORY / "observability" / "elk" / "filebeat"
FILEBEAT_NAMESPACE = "observability-agents"
NOTHING = "none"
STANDARD = "standard"


def put(cluster: Cluster, overlay: str, steps: Steps, own_gateway: bool, observability: str = "") -> None:
    """Bring a cluster to what the tree says, and wait until it is ready.

    Args:
        cluster: the shop's namespace.
        overlay: folder of the overlay, or its name.
        steps: told of each part.
        own_gateway: whether the gateway serves nobody else, so that the platform may add to it.
        observability: what lets the platform be seen, see `observability_of`.

    Raises:
        ProvisionError: there is no such overlay.
        ClusterError: the cluster lacks something, or a part did not become ready.
    """
    seen_by = observability_of(observability or (NOTHING if cluster.settings.prometheus_url else STANDARD))
    around = list(_around(cluster, own_gateway, seen_by))
    objects = render(overlay, cluster.namespace, cluster.settings.registry)
    check_fit(cluster, objects)
    beside = [(place, render(folder)) for place, folder in around]
    for place, bodies in beside:
        check_fit(place, bodies, releases=False)
    for place, bodies in [*beside, (cluster, objects)]:
        with steps.step(f"Secrets in namespace {place.namespace}") as step:
            step.outcome = _in_words(secrets.ensure(place, bodies))
    staged: list[tuple[Cluster, str | Path]] = [*around, (cluster, overlay)]
    for place, folder in staged:
        with steps.step(f"{Path(folder).name} in namespace {place.namespace}") as step:
            step.outcome = _in_words(stage(place, folder, timeout=PULL_DEADLINE))


def observability_of(name: str) -> Path | None:
    """Return the folder of what lets the platform be seen, None for nothing.

    Args:
        name: of an overlay in ``observability/overlays``, a folder, or ``none``.

    Raises:
        ProvisionError: there is no such overlay.
    """
    if name == NOTHING:
        return None
    for folder in (OVERLAYS / name, Path(name)):
        if (folder / "kustomization.yaml").is_file():
            return folder
    known = ", ".join(sorted(path.parent.name for path in OVERLAYS.glob("*/kustomization.yaml")))
    raise ProvisionError(f"OBSERVABILITY={name} is no overlay: choose {known}, {NOTHING}, or a folder of your own")


def _around(cluster: Cluster, own_gateway: bool, seen_by: Path | None) -> Iterable[tuple[Cluster, Path]]:
    """Yield what is staged beside the shop."""
    if own_gateway:
        yield cluster.at(GATEWAY_NAMESPACE), GATEWAY
    if seen_by:
        yield cluster.at(PROMETHEUS_NAMESPACE), seen_by
        if brings_elasticsearch(render(seen_by)):
            yield cluster.at(FILEBEAT_NAMESPACE), FILEBEAT


def _in_words(changes: list[Change]) -> str:
    outcomes = [change.outcome for change in changes if change.outcome not in NO_CHANGE]
    counts = [f"{outcomes.count(outcome)} {outcome}" for outcome in dict.fromkeys(outcomes)]
    return ", ".join(counts) or UNCHANGED
