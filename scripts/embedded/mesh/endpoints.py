"""EndpointSlices become Envoy's ClusterLoadAssignments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from embedded.mesh.addresses import Address
from embedded.mesh.values import typed
from embedded.mesh.world import World

Object = dict[str, Any]


def addresses(world: World, host: str, port: Object, labels: dict[str, str]) -> list[Address]:
    """Return where the ready pods of a Service port listen that carry all of these labels."""
    found: set[Address] = set()
    for piece in world.slices.get(host, ()):
        number = _number(piece, port)
        if number is not None:
            found.update(Address(ip, number) for ip in _ready(world, piece, labels))
    return sorted(found)


def assignment(name: str, where: list[Address]) -> Object:
    """Return the endpoints of an Envoy cluster."""
    members = [{"endpoint": {"address": socket_address(address)}} for address in where]
    return typed(
        "envoy.config.endpoint.v3.ClusterLoadAssignment",
        cluster_name=name,
        endpoints=[{"lb_endpoints": members}] if members else [],
    )


def socket_address(address: Address) -> Object:
    """Return an address in Envoy's words."""
    return {"socket_address": {"address": address.host, "port_value": address.port}}


def members(load_assignment: Object) -> list[Address]:
    """Return the addresses of a ClusterLoadAssignment."""
    sockets = [
        member["endpoint"]["address"]["socket_address"]
        for locality in load_assignment["endpoints"]
        for member in locality["lb_endpoints"]
    ]
    return [Address(socket["address"], socket["port_value"]) for socket in sockets]


def _number(piece: Object, port: Object) -> int | None:
    """Find the port of a slice by the name of the Service port."""
    for candidate in piece.get("ports") or ():
        if (candidate.get("name") or "") == (port.get("name") or ""):
            return int(candidate["port"])
    return None


def _ready(world: World, piece: Object, labels: dict[str, str]) -> Iterator[str]:
    for endpoint in piece.get("endpoints") or ():
        if (endpoint.get("conditions") or {}).get("ready") is not False and _carries(world, piece, endpoint, labels):
            yield from endpoint.get("addresses") or ()


def _carries(world: World, piece: Object, endpoint: Object, labels: dict[str, str]) -> bool:
    target = endpoint.get("targetRef") or {}
    namespace = target.get("namespace") or piece["metadata"]["namespace"]
    key = (namespace, target.get("name", ""))
    if key in world.leaving:
        return False
    have = world.pod_labels.get(key, {})
    return all(have.get(name) == value for name, value in labels.items())
