"""Services of the cluster's own parts, such as the gateway: found by name like any other, without pods behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from embedded.apiserver.resources import ENDPOINT_SLICES, NAMESPACES, SERVICES, Resource
from embedded.apiserver.store import Store
from embedded.mesh.addresses import Address

Object = dict[str, Any]


@dataclass(frozen=True)
class Published:
    """A part of the cluster that is reached through a Service.

    Attributes:
        namespace: namespace of the Service.
        name: name of the Service.
        port_name: name of its one port.
        address: where the part really listens; the Service has the same port.
        load_balancer: whether the Service says in its status that it is reached there from outside.
    """

    namespace: str
    name: str
    port_name: str
    address: Address
    load_balancer: bool = False


def ingress_gateway(address: Address) -> Published:
    """Return the Service of the ingress gateway, under Istio's name."""
    return Published("istio-system", "istio-ingressgateway", "http2", address, load_balancer=True)


def prometheus(address: Address) -> Published:
    """Return the Service of Prometheus."""
    return Published("observability", "prometheus", "http", address)


def publish(store: Store, part: Published) -> None:
    """Create or correct the namespace, the Service without selector and its EndpointSlice."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": part.namespace}}
    if store.find(NAMESPACES, "", part.namespace) is None:
        store.create(NAMESPACES, namespace)
    _put(store, SERVICES, _service(part))
    _put(store, ENDPOINT_SLICES, _slice(part))
    if part.load_balancer:
        store.mutate(SERVICES, part.namespace, part.name, lambda body: _balance(body, part.address), "status")


def _put(store: Store, resource: Resource, wanted: Object) -> None:
    meta = wanted["metadata"]
    if store.find(resource, meta["namespace"], meta["name"]) is None:
        store.create(resource, wanted)
        return

    def change(body: Object) -> None:
        body["metadata"].setdefault("labels", {}).update(meta["labels"])
        for field, value in wanted.items():
            if field not in ("metadata", "spec"):
                body[field] = value
        # The cluster's own choices, such as clusterIP, stay.
        body.get("spec", {}).update(wanted.get("spec", {}))

    store.mutate(resource, meta["namespace"], meta["name"], change)


def _service(part: Published) -> Object:
    port = {"name": part.port_name, "port": part.address.port, "protocol": "TCP", "targetPort": part.address.port}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"namespace": part.namespace, "name": part.name, "labels": {"app": part.name}},
        "spec": {"type": "LoadBalancer" if part.load_balancer else "ClusterIP", "ports": [port]},
    }


def _slice(part: Published) -> Object:
    labels = {"kubernetes.io/service-name": part.name, "endpointslice.kubernetes.io/managed-by": "embedded"}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"namespace": part.namespace, "name": part.name, "labels": labels},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [part.address.host], "conditions": {"ready": True}}],
        "ports": [{"name": part.port_name, "port": part.address.port, "protocol": "TCP"}],
    }


def _balance(body: Object, address: Address) -> None:
    ports = [{"port": address.port, "protocol": "TCP"}]
    body["status"] = {"loadBalancer": {"ingress": [{"ip": address.host, "ports": ports}]}}
