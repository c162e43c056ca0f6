"""Canaries of known badness, made on a cluster: the copy that a rollout has started gets a fault of the chassis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cluster import Cluster, endpoints, wait
from cluster.collection import STRATEGIC

SERVICE = "order"
COPY = f"{SERVICE}-canary"
# So that half as much again is a time that means something: what both versions take on purpose, in milliseconds.
BASE_MS = 20.0


@dataclass(frozen=True)
class Canary:
    """One release.

    Attributes:
        name: what is wrong with it, for a table.
        errors: share of its requests that fail.
        slower: by what share it is slower than the stable version; None if nobody looks at that.
    """

    name: str
    errors: float = 0.0
    slower: float | None = None

    @property
    def sound(self) -> bool:
        """Tell whether nothing is wrong with it."""
        return not self.errors and self.slower is None

    def prepare(self, cluster: Cluster) -> None:
        """Make the stable version as slow as the comparison needs it."""
        if self.slower is not None:
            spoil(cluster, SERVICE, {"FAULT_LATENCY_MS": f"{BASE_MS:g}"})

    def spoil(self, cluster: Cluster, typical_ms: float) -> None:
        """Make the copy as bad as this canary is, before any user meets it.

        Args:
            cluster: where the copy runs.
            typical_ms: median of the stable version, as its users see it.
        """
        if self.errors:
            spoil(cluster, COPY, {"FAULT_ERROR_SHARE": f"{self.errors:g}"})
        if self.slower is not None:
            spoil(cluster, COPY, {"FAULT_LATENCY_MS": f"{BASE_MS + self.slower * typical_ms:.1f}"})


def spoil(cluster: Cluster, deployment: str, faults: Mapping[str, str]) -> None:
    """Set faults of the chassis on a Deployment, and wait until its new pods serve."""
    env = [{"name": name, "value": value} for name, value in faults.items()]
    container = {"name": SERVICE, "env": env}
    cluster.deployments.patch(deployment, {"spec": {"template": {"spec": {"containers": [container]}}}}, STRATEGIC)
    wait.deployment_ready(cluster, deployment)
    labels = cluster.deployments.get(deployment)["spec"]["selector"]["matchLabels"]
    endpoints.wait_serving(cluster, SERVICE, labels)
