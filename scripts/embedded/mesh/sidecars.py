"""The routes of the mesh's own side: what a pod gets that calls a Service by its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from embedded.apiserver.resources import VIRTUAL_SERVICES
from embedded.mesh import matches, names, routes
from embedded.mesh.destinations import Directory, Resolver
from embedded.mesh.gateways import MESH, gateway_names
from embedded.mesh.problems import CONFLICT, Problems
from embedded.mesh.world import World

Object = dict[str, Any]

_HTTP_PORT = 80


class Sidecars:
    """Makes the virtual hosts of the outbound listeners."""

    def __init__(self, world: World, directory: Directory, problems: Problems) -> None:
        self._world = world
        self._directory = directory
        self._problems = problems
        self._by_host = self._virtual_services()
        # Where the machine has one loopback address all Services share it: then it names none of them.
        self._cluster_ips = Counter(map(_cluster_ip, world.services.values()))
        # Keys of the targets that routes lead to.
        self.used: set[tuple[str, int, str]] = set()

    def service_routes(self, host: str, port: int, namespace: str = "") -> list[Object]:
        """Return the routes to a Service port for the pods of a namespace (empty: of any)."""
        body = self._virtual_service(host)
        if body is None:
            return [routes.default_route(names.cluster_name(host, port, side=names.MESH_SIDE))]
        return self._routes(body, port, namespace)

    def speaks_about(self, host: str) -> bool:
        """Tell whether a VirtualService decides about the requests to a Service."""
        return self._virtual_service(host) is not None

    def virtual_hosts(self, namespace: str) -> list[Object]:
        """Return everything that the pods of a namespace can call; anything else is refused by the last one."""
        hosts = [self._service(host, port, namespace) for host, port in self._ports()]
        hosts += [self._further(host, namespace) for host in self._by_host if self._is_further(host)]
        return [*hosts, _refusal()]

    def _virtual_service(self, host: str) -> Object | None:
        pattern = names.most_specific(self._by_host, host)
        body = self._by_host[pattern] if pattern else None
        return body if body and body["spec"].get("http") else None

    def _virtual_services(self) -> dict[str, Object]:
        found: dict[str, Object] = {}
        for body in self._world.kind(VIRTUAL_SERVICES):
            if MESH not in gateway_names(body):
                continue
            for host in body["spec"]["hosts"]:
                name = names.resolve(host, body["metadata"]["namespace"])
                if found.setdefault(name, body) is not body:
                    other = found[name]["metadata"]["name"]
                    self._problems.add(
                        body, CONFLICT, f"spec.hosts: {host} belongs to the older VirtualService {other}"
                    )
        return found

    def _ports(self) -> Iterator[tuple[str, int]]:
        for host, ports in self._directory.ports.items():
            yield from ((host, port) for port in ports)

    def _service(self, host: str, port: int, namespace: str) -> Object:
        called = names.service_domains(host, namespace)
        cluster_ip = _cluster_ip(self._world.services[host])
        if cluster_ip and self._cluster_ips[cluster_ip] == 1:
            called.append(cluster_ip)
        domains = [f"{name}:{port}" for name in called] + (called if port == _HTTP_PORT else [])
        routes_of_port = self.service_routes(host, port, namespace)
        return {"name": f"{host}:{port}", "domains": domains, "routes": routes_of_port}

    def _is_further(self, host: str) -> bool:
        return not host.startswith("*") and host not in self._world.services

    def _further(self, host: str, namespace: str) -> Object:
        """Return the virtual host of a name that is no Service's, such as a public one."""
        ports = sorted({port for _host, port in self._ports()} - {_HTTP_PORT})
        domains = [host, f"{host}:{_HTTP_PORT}", *(f"{host}:{port}" for port in ports)]
        return {"name": host, "domains": domains, "routes": self._routes(self._by_host[host], _HTTP_PORT, namespace)}

    def _routes(self, body: Object, port: int, namespace: str) -> list[Object]:
        own = body["metadata"]["namespace"]

        def applies(match: Object) -> bool:
            return (
                MESH in (match.get("gateways") or gateway_names(body))
                and match.get("port", port) == port
                and match.get("sourceNamespace", namespace or own) == (namespace or own)
            )

        resolver = Resolver(self._directory, body, names.MESH_SIDE, port, self._problems, self.used)
        return routes.http_routes(resolver, applies)


def _cluster_ip(service: Object) -> str | None:
    address = service.get("spec", {}).get("clusterIP")
    return None if address == "None" else address


def _refusal() -> Object:
    """Return the answer to a host that is no Service: pods shall not find an open proxy to the world."""
    text = "%REQ(:AUTHORITY)% is no Service of this cluster: call one by name and port, such as user:8080\n"
    response = {
        "status": 502,
        "body_format": {"text_format_source": {"inline_string": text}},
    }
    route = {"name": "unknown-host", "match": matches.EVERYTHING, "direct_response": response}
    return {"name": "unknown-host", "domains": ["*"], "routes": [route]}
