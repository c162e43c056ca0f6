"""Finds the Envoy cluster that a destination of a VirtualService means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from embedded.mesh import names
from embedded.mesh.clusters import Target
from embedded.mesh.problems import UNKNOWN_REFERENCE, Problems

Object = dict[str, Any]


@dataclass(frozen=True)
class Directory:
    """Everything that can be routed to, by host, port and subset."""

    targets: dict[tuple[str, int, str], Target]
    ports: dict[str, list[int]]

    @staticmethod
    def of(targets: list[Target]) -> Directory:
        """Index targets."""
        ports: dict[str, list[int]] = {}
        for target in targets:
            if target.subset is None:
                ports.setdefault(target.host, []).append(target.port["port"])
        return Directory({each.key: each for each in targets}, ports)


@dataclass
class Resolver:
    """Resolves the destinations of one VirtualService for one listener.

    Attributes:
        directory: what can be routed to.
        body: the VirtualService.
        side: gateway or mesh, see `names`.
        port: port of the listener, taken where a destination names none and its Service has several.
        problems: takes what is wrong with a destination.
        used: takes the targets that were resolved.
    """

    directory: Directory
    body: Object
    side: str
    port: int
    problems: Problems
    used: set[tuple[str, int, str]] = field(default_factory=set)

    def cluster(self, destination: Object, path: str) -> str:
        """Return the name of the cluster of a destination; of a wrong one Istio's cluster without endpoints."""
        host = names.resolve(destination["host"], self.body["metadata"]["namespace"])
        key = (host, self._port(destination, host), destination.get("subset", ""))
        if key in self.directory.targets:
            self.used.add(key)
            return self.directory.targets[key].name(self.side)
        self.problems.add(self.body, UNKNOWN_REFERENCE, f"{path}: {self._why(destination, *key)}; answered with 503")
        return names.BLACK_HOLE

    def _port(self, destination: Object, host: str) -> int:
        ports = self.directory.ports.get(host, [])
        chosen = (destination.get("port") or {}).get("number")
        return int(chosen or (ports[0] if len(ports) == 1 else self.port))

    def _why(self, destination: Object, host: str, port: int, subset: str) -> str:
        if host not in self.directory.ports:
            return f"there is no Service {host}"
        if port not in self.directory.ports[host]:
            return f"Service {host} has no port {port}"
        return f"no DestinationRule gives {destination['host']} a subset {subset}"
