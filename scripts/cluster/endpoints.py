"""Which pods a Service sends traffic to, as its EndpointSlices say: the step between ready and known to the proxies."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from cluster import wait
from cluster.client import Cluster
from cluster.errors import ClusterError

SERVICE_NAME = "kubernetes.io/service-name"
ENDPOINTS_DEADLINE = 20.0
# No mesh tells when the last of its proxies heard of a change. Istio debounces changes by 100 ms and pushes well within
# this time; the embedded mesh needs a few milliseconds.
PROPAGATION = 1.0


def serving_pods(cluster: Cluster, service: str) -> set[str]:
    """Return the names of the pods that a Service sends traffic to."""
    return {
        endpoint["targetRef"]["name"]
        for endpoint_slice in cluster.endpoint_slices.list({SERVICE_NAME: service})
        for endpoint in endpoint_slice.get("endpoints") or []
        if endpoint.get("targetRef") and endpoint.get("conditions", {}).get("ready") is not False
    }


def wait_serving(cluster: Cluster, service: str, labels: Mapping[str, str]) -> None:
    """Wait until a Service sends traffic to every pod with these labels, and the proxies had time to hear of it.

    Raises:
        ClusterError: some pods are not among its endpoints.
    """

    def missing() -> set[str]:
        pods = {
            pod["metadata"]["name"] for pod in cluster.pods.list(labels) if "deletionTimestamp" not in pod["metadata"]
        }
        return (pods or {"(no pod at all)"}) - serving_pods(cluster, service)

    _settle(cluster, service, missing, "does not send traffic to")


def wait_not_serving(cluster: Cluster, service: str, labels: Mapping[str, str]) -> None:
    """Wait until a Service sends no traffic to any pod with these labels, and the proxies had time to hear of it.

    Raises:
        ClusterError: some pods are still among its endpoints.
    """

    def left() -> set[str]:
        return {pod["metadata"]["name"] for pod in cluster.pods.list(labels)} & serving_pods(cluster, service)

    _settle(cluster, service, left, "still sends traffic to")


def _settle(cluster: Cluster, service: str, wrong: Callable[[], set[str]], complaint: str) -> None:
    def late() -> Exception:
        return ClusterError(f"Service {service} {complaint} {', '.join(sorted(wrong()))}")

    watched = [(cluster.endpoint_slices, {SERVICE_NAME: service}), (cluster.pods, None)]
    wait.until(lambda: None if wrong() else True, watched, ENDPOINTS_DEADLINE, late)
    propagate()


def propagate() -> None:
    """Give the proxies time to hear of a change that the API server has accepted."""
    time.sleep(PROPAGATION)
