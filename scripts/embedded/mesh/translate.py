"""The whole translation: the cluster's objects in, all of Envoy's dynamic configuration out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from embedded.mesh import clusters, gateways, listeners, names, tracing
from embedded.mesh.addresses import Address, MeshAddresses
from embedded.mesh.clusters import Target
from embedded.mesh.destinations import Directory
from embedded.mesh.problems import Problems
from embedded.mesh.sidecars import Sidecars
from embedded.mesh.world import World, ports, says_nothing, speaks_http

Object = dict[str, Any]
Resources = dict[str, Object]

GATEWAY = "gateway"


@dataclass(frozen=True)
class Configuration:
    """Envoy's dynamic configuration: resources by name."""

    clusters: Resources = field(default_factory=dict)
    endpoints: Resources = field(default_factory=dict)
    routes: Resources = field(default_factory=dict)
    listeners: Resources = field(default_factory=dict)


@dataclass(frozen=True)
class Layout:
    """Where Envoy finds its files.

    Attributes:
        endpoints: folder of the endpoints' files.
        routes: folder of the routes' files.
        access_log: file of the access log.
    """

    endpoints: Path
    routes: Path
    access_log: Path


class Translation:
    """Translates one view of the cluster.

    Args:
        world: the cluster's objects, checked.
        addresses: where Envoy listens.
        layout: where its files lie.
        can_listen: tells whether Envoy will be able to listen at a Service's address; not asked for other addresses.
        problems: takes what is wrong with the objects.
    """

    def __init__(
        self,
        world: World,
        addresses: MeshAddresses,
        layout: Layout,
        can_listen: Callable[[Object, Address], bool],
        problems: Problems,
    ) -> None:
        self._world = world
        self._addresses = addresses
        self._layout = layout
        self._can_listen = can_listen
        self._problems = problems
        self._made = Configuration()

    def run(self) -> Configuration:
        """Return Envoy's configuration."""
        targets = clusters.targets(self._world, self._problems)
        directory = Directory.of(targets)
        sidecars = Sidecars(self._world, directory, self._problems)
        self._gateway(directory)
        for namespace in self._world.namespaces:
            self._outbound(namespace, sidecars)
        if self._addresses.cluster_ips:
            for host, service in sorted(self._world.services.items()):
                self._service(host, service, sidecars)
        for target in targets:
            if target.subset is None or target.key in sidecars.used:
                self._cluster(target, names.MESH_SIDE)
        return self._made

    def _cluster(self, target: Target, side: str) -> None:
        name = target.name(side)
        if target.fixed:
            self._made.clusters[name] = clusters.fixed_cluster(self._world, target, side)
            return
        self._made.clusters[name] = clusters.cluster(target, side, self._layout.endpoints)
        self._made.endpoints[name] = clusters.load_assignment(self._world, target, side)

    def _gateway(self, directory: Directory) -> None:
        hosts, used = gateways.virtual_hosts(self._world, directory, self._problems)
        for key in sorted(used):
            self._cluster(directory.targets[key], names.GATEWAY_SIDE)
        self._http(GATEWAY, self._addresses.gateway, hosts, gateway=True)

    def _outbound(self, namespace: str, sidecars: Sidecars) -> None:
        name = f"outbound|{namespace}"
        self._http(name, self._addresses.outbound(namespace), sidecars.virtual_hosts(namespace))

    def _service(self, host: str, service: Object, sidecars: Sidecars) -> None:
        """Listen at the address of a Service, for callers that use no proxy."""
        cluster_ip = service.get("spec", {}).get("clusterIP")
        if not cluster_ip or cluster_ip == "None":
            return
        for port in ports(service):
            address = Address(cluster_ip, port["port"])
            if not self._can_listen(service, address):
                continue
            name = f"service|{address.port}|{host}"
            if speaks_http(port) or (says_nothing(port) and sidecars.speaks_about(host)):
                routes = sidecars.service_routes(host, address.port)
                hosts = [{"name": host, "domains": ["*"], "routes": routes}]
                self._http(name, address, hosts, inline=not sidecars.speaks_about(host))
            else:
                cluster = names.cluster_name(host, address.port, side=names.MESH_SIDE)
                self._made.listeners[name] = listeners.tcp_listener(name, address, cluster)

    def _http(
        self, name: str, address: Address, hosts: list[Object], gateway: bool = False, inline: bool = False
    ) -> None:
        """Add a listener; routes that never change stand in it, the others in a file of their own."""
        routes = listeners.route_configuration(name, hosts, any_port=not name.startswith("outbound|"))
        source = listeners.inline(routes) if inline else listeners.from_file(name, self._layout.routes)
        traces = tracing.of_listener(name, self._addresses.traces)
        listener = listeners.http_listener(name, address, source, self._layout.access_log, traces, gateway)
        self._made.listeners[name] = listener
        if not inline:
            self._made.routes[name] = routes
