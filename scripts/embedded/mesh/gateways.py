"""Gateways and the VirtualServices bound to them become the virtual hosts of the ingress listener."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from embedded.apiserver.resources import GATEWAYS, VIRTUAL_SERVICES
from embedded.mesh import matches, names, routes
from embedded.mesh.destinations import Directory, Resolver
from embedded.mesh.problems import UNKNOWN_REFERENCE, UNSUPPORTED, Problems
from embedded.mesh.world import World

Object = dict[str, Any]

SELECTOR = {"istio": "ingressgateway"}
MESH = "mesh"


@dataclass(frozen=True)
class Server:
    """One HTTP server of a Gateway.

    Attributes:
        gateway: namespace and name of the Gateway, joined by a slash.
        namespace: namespace of the Gateway.
        port: port number of the server.
        hosts: its hosts, possibly each with a namespace before a slash.
    """

    gateway: str
    namespace: str
    port: int
    hosts: list[str]

    def common_hosts(self, virtual_service: Object) -> Iterator[str]:
        """Return the hosts of a VirtualService that this server serves, each as narrow as both allow."""
        namespace = virtual_service["metadata"]["namespace"]
        for pattern in self.hosts:
            space, _slash, pattern_host = pattern.rpartition("/")
            if space in ("", "*", namespace) or (space == "." and namespace == self.namespace):
                for host in virtual_service["spec"]["hosts"]:
                    common = names.common_host(pattern_host, names.resolve(host, namespace))
                    if common:
                        yield common


def gateway_names(virtual_service: Object) -> list[str]:
    """Return the gateways that a VirtualService is bound to, with namespaces; ``mesh`` stands for the sidecars."""
    namespace = virtual_service["metadata"]["namespace"]
    return qualified(virtual_service["spec"].get("gateways") or [MESH], namespace)


def qualified(gateways: list[str], namespace: str) -> list[str]:
    """Write the namespace before names of gateways that have none."""
    return [name if name == MESH or "/" in name else f"{namespace}/{name}" for name in gateways]


def virtual_hosts(world: World, directory: Directory, problems: Problems) -> tuple[list[Object], set[Any]]:
    """Return the virtual hosts of the ingress listener and the keys of the targets they route to."""
    servers = list(_servers(world, problems))
    found: dict[str, list[Object]] = {}
    used: set[Any] = set()
    for body in world.kind(VIRTUAL_SERVICES):
        for server in _bound(body, servers, world, problems):
            resolver = Resolver(directory, body, names.GATEWAY_SIDE, server.port, problems, used)
            translated = routes.http_routes(resolver, _applies(server, body))
            for host in dict.fromkeys(server.common_hosts(body)):
                _join(found.setdefault(host, []), translated)
    hosts = [{"name": host, "domains": [host], "routes": _catch_all_last(found[host])} for host in sorted(found)]
    return hosts, used


def _servers(world: World, problems: Problems) -> Iterator[Server]:
    for body in world.kind(GATEWAYS):
        meta, spec = body["metadata"], body["spec"]
        selector = spec.get("selector") or {}
        if any(SELECTOR.get(name) != value for name, value in selector.items()):
            problems.add(body, UNSUPPORTED, "spec.selector: the only gateway is istio: ingressgateway")
            continue
        for index, server in enumerate(spec["servers"]):
            if server["port"]["protocol"] in ("HTTP", "HTTP2", "GRPC"):
                name = f"{meta['namespace']}/{meta['name']}"
                yield Server(name, meta["namespace"], server["port"]["number"], server["hosts"])
            else:
                path = f"spec.servers[{index}].port.protocol"
                problems.add(body, UNSUPPORTED, f"{path}: only HTTP is served, not {server['port']['protocol']}")


def _bound(body: Object, servers: list[Server], world: World, problems: Problems) -> Iterator[Server]:
    """Return the servers that a VirtualService is bound to."""
    existing = {f"{each['metadata']['namespace']}/{each['metadata']['name']}" for each in world.kind(GATEWAYS)}
    for name in gateway_names(body):
        if name != MESH and name not in existing:
            problems.add(body, UNKNOWN_REFERENCE, f"spec.gateways: there is no Gateway {name}")
        yield from (server for server in servers if server.gateway == name)


def _applies(server: Server, body: Object) -> Any:
    namespace = body["metadata"]["namespace"]

    def applies(match: Object) -> bool:
        bound = qualified(match.get("gateways") or [server.gateway], namespace)
        return server.gateway in bound and match.get("port", server.port) == server.port

    return applies


def _join(into: list[Object], further: list[Object]) -> None:
    """Append routes; the same ones come twice where a VirtualService is bound to two servers."""
    into += [route for route in further if route not in into]


def _catch_all_last(found: list[Object]) -> list[Object]:
    """Put routes for everything behind those of other VirtualServices for the same host, as Istio does."""
    return sorted(found, key=lambda route: matches.catches_all(route["match"]))
