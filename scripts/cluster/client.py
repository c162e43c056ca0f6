"""One namespace of one cluster, as everything above Kubernetes sees it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from cluster.collection import Collection
from cluster.errors import ClusterError, NotFound
from cluster.patience import Bearing, Patience
from cluster.settings import Settings
from cluster.transport import READ_TIMEOUT, Json, Transport
from cluster.upstream import Upstream

CORE = "/api/v1"
APPS = "/apis/apps/v1"
DISCOVERY = "/apis/discovery.k8s.io/v1"
NETWORKING = "/apis/networking.istio.io/v1"
GATEWAY_NAMESPACE = "istio-system"
GATEWAY_SERVICE = "istio-ingressgateway"
GATEWAY_PORTS = ("http2", "http")
# Says where users reach a gateway whose own address means nothing outside of the cluster, as with kind.
GATEWAY_URL = "proving-ground/url"


class Cluster:
    """A namespace and what a release needs in it.

    Args:
        transport: connection to the API server.
        settings: the namespace, and addresses that stand in for discovery.
    """

    def __init__(self, transport: Transport, settings: Settings) -> None:
        self._transport = transport
        self.settings = settings
        self.name = transport.name
        self.namespace = settings.namespace
        self.deployments = self.collection(APPS, "deployments")
        self.services = self.collection(CORE, "services")
        self.pods = self.collection(CORE, "pods")
        self.events = self.collection(CORE, "events")
        self.endpoint_slices = self.collection(DISCOVERY, "endpointslices")
        self.virtual_services = self.collection(NETWORKING, "virtualservices")
        self.destination_rules = self.collection(NETWORKING, "destinationrules")

    @classmethod
    def connect(
        cls, kubeconfig: str | Path | None = None, context: str | None = None, namespace: str | None = None
    ) -> Cluster:
        """Find the cluster that is meant and see that it answers.

        Arguments come first, then KUBECONFIG, KUBECONTEXT, NAMESPACE, GATEWAY_URL and PROMETHEUS_URL, then the embedded
        cluster of this checkout.

        Raises:
            ClusterError: there is no kubeconfig, the context is not to be touched, or the cluster does not answer.
        """
        settings = Settings.resolve(kubeconfig, context, namespace)
        cluster = cls(Transport.open(settings), settings)
        cluster.request("GET", "/version")
        return cluster

    def close(self) -> None:
        """Let go of the connections."""
        self._transport.close()

    def at(self, namespace: str) -> Cluster:
        """Return another namespace of the same cluster, over the same connections."""
        return Cluster(self._transport, replace(self.settings, namespace=namespace))

    def seen_by(self, prometheus_url: str) -> Cluster:
        """Return the same cluster, over the same connections, with its Prometheus asked at another address."""
        return Cluster(self._transport, replace(self.settings, prometheus_url=prometheus_url))

    def aside(self) -> Cluster:
        """Return the same cluster over connections of its own, which try nothing twice: for what may fail."""
        return Cluster(Transport.open(self.settings, retries=False), self.settings)

    def patient(self, patience: Bearing | None = None) -> Cluster:
        """Return the same namespace over the same connections, with patience: for what must come to an end."""
        return Cluster(self._transport.patient(patience or Patience()), self.settings)

    def upstream(self) -> Upstream:
        """Return how to reach the API server by other means."""
        return self._transport.upstream()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def collection(self, root: str, plural: str, namespace: str | None = "") -> Collection:
        """Return any kind of object.

        Args:
            root: address of the group and version, such as ``/apis/apps/v1``.
            plural: name of the kind in addresses.
            namespace: empty for the cluster's own, None for a cluster-wide kind.
        """
        return Collection(self._transport, root, plural, self.namespace if namespace == "" else namespace)

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        timeout: float = READ_TIMEOUT,
    ) -> Any:
        """Ask the API server anything and return the JSON of its answer."""
        data = self._transport.request(method, path, body=body, query=query, content_type=content_type, timeout=timeout)
        return json.loads(data) if data else None

    def text(self, path: str, query: Mapping[str, str] | None = None) -> str:
        """Return an answer that is no JSON, such as a log."""
        return self._transport.request("GET", path, query=query).decode(errors="replace")

    def through_service(
        self,
        namespace: str,
        service: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        body: Any = None,
        timeout: float = READ_TIMEOUT,
    ) -> Any:
        """Ask a Service inside the cluster through the API server's proxy; `service` is ``name:port``."""
        address = f"{CORE}/namespaces/{namespace}/services/{service}/proxy{path}"
        return self.request(method, address, body=body, query=query, timeout=timeout)

    def forward(self, pod: str, port: int) -> Any:
        """Return a socket that leads to a port of a pod; see `Transport.forward`."""
        return self._transport.forward(f"{self.pods.path}/{pod}", port)

    def patch_selector(
        self, service: str, selector: Mapping[str, str], check: Callable[[Json], None] = lambda _now: None
    ) -> Json:
        """Send a Service's traffic to other pods, as ``kubectl patch service`` does.

        Args:
            service: name of the Service.
            selector: labels of the pods.
            check: shown the Service as it is just before; it may raise, and nothing is changed then.
        """

        def change(current: Json) -> Json | None:
            check(current)
            now = current["spec"].get("selector") or {}
            gone = dict.fromkeys(now.keys() - selector.keys())
            return None if now == selector else {"spec": {"selector": {**selector, **gone}}}

        return self.services.amend(service, change)

    @cached_property
    def gateway_url(self) -> str:
        """Return the address at which users reach the shop.

        Raises:
            ClusterError: there is no gateway, or it has no address.
        """
        if self.settings.gateway_url:
            return self.settings.gateway_url
        where = f"Service {GATEWAY_SERVICE} in {GATEWAY_NAMESPACE}"
        try:
            gateway = self.collection(CORE, "services", GATEWAY_NAMESPACE).get(GATEWAY_SERVICE)
        except NotFound as error:
            raise ClusterError(f"cluster {self.name} has no {where}: install Istio's, or set GATEWAY_URL") from error
        if url := (gateway["metadata"].get("annotations") or {}).get(GATEWAY_URL):
            return str(url)
        ingress = gateway.get("status", {}).get("loadBalancer", {}).get("ingress") or [{}]
        host = ingress[0].get("ip") or ingress[0].get("hostname")
        if not host:
            raise ClusterError(f"{where} has no address: `kubectl port-forward` to it and set GATEWAY_URL")
        return f"http://{host}:{_port(gateway)}"


def _port(gateway: Json) -> int:
    ports = {str(port.get("name")): int(port["port"]) for port in gateway["spec"]["ports"]}
    for name in GATEWAY_PORTS:
        if name in ports:
            return ports[name]
    return next(iter(ports.values()))
