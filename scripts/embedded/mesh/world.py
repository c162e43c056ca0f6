"""What the mesh reads of the cluster, in the form in which it is translated."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from embedded.apiserver.resources import (
    DESTINATION_RULES,
    ENDPOINT_SLICES,
    GATEWAYS,
    PODS,
    SERVICES,
    VIRTUAL_SERVICES,
    Resource,
)
from embedded.apiserver.store import Store
from embedded.mesh.names import service_host

Object = dict[str, Any]

ROUTING = (GATEWAYS, VIRTUAL_SERVICES, DESTINATION_RULES)
_SERVICE_NAME = "kubernetes.io/service-name"


@dataclass(frozen=True)
class World:
    """One consistent view of all objects that matter.

    Attributes:
        namespaces: names of the namespaces that have pods.
        services: Services by full host name.
        slices: EndpointSlices by the host name of their Service.
        pod_labels: labels of pods by namespace and name.
        leaving: pods that were told to end.
        routing: Gateways, VirtualServices and DestinationRules by kind, oldest first.
    """

    namespaces: list[str] = field(default_factory=list)
    services: dict[str, Object] = field(default_factory=dict)
    slices: Mapping[str, list[Object]] = field(default_factory=dict)
    pod_labels: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    leaving: set[tuple[str, str]] = field(default_factory=set)
    routing: dict[str, list[Object]] = field(default_factory=dict)

    def kind(self, resource: Resource) -> list[Object]:
        """Return the routing objects of one kind, oldest first."""
        return self.routing.get(resource.kind, [])


def read(store: Store) -> World:
    """Read the cluster; the objects are the store's own and must not be altered."""
    return World(
        namespaces=sorted({item["metadata"]["namespace"] for item in store.peek(PODS)}),
        services={_host(item): item for item in store.peek(SERVICES)},
        slices=_slices(store),
        pod_labels={_key(item): item["metadata"].get("labels") or {} for item in store.peek(PODS)},
        leaving={_key(item) for item in store.peek(PODS) if "deletionTimestamp" in item["metadata"]},
        routing={resource.kind: by_age(store.peek(resource)) for resource in ROUTING},
    )


def by_age(objects: Iterator[Object] | list[Object]) -> list[Object]:
    """Order objects as Istio does where several speak about one host: the oldest has the say."""
    return sorted(objects, key=lambda item: (item["metadata"].get("creationTimestamp", ""), *_key(item)))


def _key(item: Object) -> tuple[str, str]:
    return item["metadata"]["namespace"], item["metadata"]["name"]


def _host(item: Object) -> str:
    return service_host(*_key(item))


def _slices(store: Store) -> dict[str, list[Object]]:
    found: dict[str, list[Object]] = defaultdict(list)
    for item in store.peek(ENDPOINT_SLICES):
        name = (item["metadata"].get("labels") or {}).get(_SERVICE_NAME)
        if name:
            found[service_host(item["metadata"]["namespace"], name)].append(item)
    return found


def ports(service: Object) -> Iterator[Object]:
    """Return the ports of a Service that can be proxied."""
    spec = service.get("spec", {})
    if spec.get("type") != "ExternalName":
        yield from (port for port in spec.get("ports") or () if port.get("protocol", "TCP") == "TCP")


def speaks_http(port: Object) -> bool:
    """Tell whether a Service port is HTTP by Istio's rules: its appProtocol, else the first word of its name."""
    return _protocol(port) in ("http", "http2", "grpc", "grpc-web", "kubernetes.io/h2c")


def says_nothing(port: Object) -> bool:
    """Tell whether a Service port leaves open what it speaks; Istio then looks at the traffic itself."""
    return not _protocol(port)


def speaks_http2(port: Object) -> bool:
    """Tell whether the endpoints of a Service port are spoken to in HTTP/2."""
    return _protocol(port) in ("http2", "grpc", "kubernetes.io/h2c")


def _protocol(port: Object) -> str:
    name = port.get("name") or ""
    return str(port.get("appProtocol") or ("grpc-web" if name.startswith("grpc-web") else name.split("-")[0]))
