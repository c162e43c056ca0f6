"""metrics-server, without which a HorizontalPodAutoscaler sees nothing: kind brings none."""

from __future__ import annotations

from cluster import wait
from cluster.client import Cluster
from provision import charts
from provision.helm import Helm, Release
from provision.ready import PULL_DEADLINE
from provision.steps import Steps
from provision.versions import load

NAME, NAMESPACE = "metrics-server", "kube-system"
# The certificates of kind's kubelets are signed by nobody.
VALUES = {"args": ["--kubelet-insecure-tls"]}


def install(cluster: Cluster, helm: Helm, steps: Steps, source: str) -> None:
    """Install metrics-server, or bring it to the pinned version.

    Args:
        cluster: where to.
        helm: helm for the same cluster.
        steps: told of it.
        source: folder or address of a mirror in place of the public charts, or empty.

    Raises:
        ProvisionError: the chart is missing, or helm failed.
        ClusterError: it did not become ready.
    """
    chart = charts.find(NAME, load().charts[NAME], "METRICS_SERVER_CHARTS", source)
    with steps.step(f"{NAME} {chart.version}") as step:
        step.outcome = helm.ensure(Release(NAME, NAMESPACE, chart, VALUES))
        wait.deployment_ready(cluster.at(NAMESPACE), NAME, PULL_DEADLINE)
