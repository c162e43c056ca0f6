"""Istio from its own charts, with the values of `istio/install`: CRDs, CNI plugin, istiod and the gateway."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cluster import wait
from cluster.client import APPS, GATEWAY_NAMESPACE, GATEWAY_SERVICE, GATEWAY_URL, Cluster
from cluster.settings import REPOSITORY
from cluster.workloads import DAEMON_SET, DEPLOYMENT, Workload
from provision import charts
from provision.errors import ProvisionError
from provision.helm import Helm, Release
from provision.ready import PULL_DEADLINE
from provision.steps import Steps
from provision.versions import load

VALUES = REPOSITORY / "istio" / "install"
Values = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """One chart of Istio.

    Attributes:
        release: name of its release.
        chart: what the chart calls itself; its values stand in a file of that name.
        awaited: kind and name of the workload that must be ready before the next part.
    """

    release: str
    chart: str
    awaited: tuple[Workload, str] | None = None


# In this order: pods of the gateway are made by istiod's webhook, and their network by the CNI plugin.
PARTS = (
    Part("istio-base", "base"),
    Part("istio-cni", "cni", (DAEMON_SET, "istio-cni-node")),
    Part("istiod", "istiod", (DEPLOYMENT, "istiod")),
    Part(GATEWAY_SERVICE, "gateway", (DEPLOYMENT, GATEWAY_SERVICE)),
)


@dataclass(frozen=True)
class Source:
    """What a company may put in place of the public charts, and on top of the values.

    Attributes:
        charts: folder or address of a mirror; empty for the public repository.
        values: folder of files like those in `istio/install`; what stands in them wins.
    """

    charts: str = ""
    values: str = ""


def install(cluster: Cluster, helm: Helm, steps: Steps, source: Source, port: int | None) -> None:
    """Install Istio, or bring it to the pinned version and the values that stand in the tree.

    Args:
        cluster: where to.
        helm: helm for the same cluster.
        steps: told of each part.
        source: what replaces the public charts and adds to the values.
        port: port of this machine that kind leads to the gateway; None for a cluster with load balancers.

    Raises:
        ProvisionError: a chart is missing, helm failed, or somebody else's Istio is there.
        ClusterError: a part did not become ready.
    """
    _check_not_somebody_elses(cluster, helm)
    there = cluster.at(GATEWAY_NAMESPACE)
    pinned = load().charts["istio"]
    for part in PARTS:
        chart = charts.find(part.chart, pinned, "ISTIO_CHARTS", source.charts)
        with steps.step(f"Istio {chart.version}: {part.release}") as step:
            wanted = values(part.chart, source, port)
            step.outcome = helm.ensure(Release(part.release, GATEWAY_NAMESPACE, chart, wanted))
            if part.awaited:
                wait.ready(there, *part.awaited, PULL_DEADLINE)


def values(chart: str, source: Source, port: int | None) -> Values:
    """Return the values of a chart: those of the tree, then kind's, then the company's."""
    merged: Values = {}
    for each in _layers(chart, source, port):
        merged = merge(merged, each)
    return merged


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> Values:
    """Return values as helm merges them: maps key by key, everything else as a whole."""
    both = {
        key: merge(below[key], value) if isinstance(value, dict) and isinstance(below.get(key), dict) else value
        for key, value in above.items()
    }
    return {**below, **both}


def _layers(chart: str, source: Source, port: int | None) -> Iterator[Values]:
    yield _read(VALUES / f"{chart}.yaml")
    if chart == "gateway" and port:
        yield _read(VALUES / "gateway-kind.yaml")
        yield {"service": {"annotations": {GATEWAY_URL: f"http://127.0.0.1:{port}"}}}
    if source.values:
        folder = Path(source.values).expanduser()
        if not folder.is_dir():
            raise ProvisionError(f"ISTIO_VALUES={folder} is no folder: it holds files such as istiod.yaml")
        own = folder / f"{chart}.yaml"
        yield _read(own) if own.exists() else {}


def _read(file: Path) -> Values:
    return dict(yaml.safe_load(file.read_text()) or {})


def _check_not_somebody_elses(cluster: Cluster, helm: Helm) -> None:
    """Leave an Istio alone that was installed in another way: two of them would fight over every pod."""
    control_planes = cluster.at(GATEWAY_NAMESPACE).collection(APPS, "deployments")
    if control_planes.find("istiod") and not helm.knows("istiod", GATEWAY_NAMESPACE):
        raise ProvisionError(
            f"cluster {cluster.name} has an istiod that no helm release of that name made: leave out INSTALL_ISTIO=1 to"
            " use it as it is"
        )
