"""Istio's kinds that this mesh stores but does not carry out: each object of them is named in an event."""

from __future__ import annotations

from typing import Any

from embedded.apiserver.resources import (
    AUTHORIZATION_POLICIES,
    ENVOY_FILTERS,
    PEER_AUTHENTICATIONS,
    REQUEST_AUTHENTICATIONS,
    SERVICES,
    TELEMETRIES,
)
from embedded.apiserver.store import Store
from embedded.mesh.problems import UNSUPPORTED, Problems

_ALL_TRAFFIC_IS_LOCAL = "requests between pods stay on this machine and are plain text"
UNENFORCED = {
    PEER_AUTHENTICATIONS: _ALL_TRAFFIC_IS_LOCAL,
    AUTHORIZATION_POLICIES: "every request is allowed",
    REQUEST_AUTHENTICATIONS: "tokens are not checked",
    TELEMETRIES: "access log, metrics and trace headers are always the same",
    ENVOY_FILTERS: "Envoy is configured by Gateways, VirtualServices and DestinationRules alone",
}


def report(store: Store, problems: Problems) -> None:
    """Name every object that is stored and without effect."""
    for resource, instead in UNENFORCED.items():
        for body in store.peek(resource):
            problems.add(body, UNSUPPORTED, f"{resource.kind} is not enforced by the embedded cluster: {instead}")
    for body in store.peek(SERVICES):
        _service(body, problems)


def _service(body: dict[str, Any], problems: Problems) -> None:
    spec = body.get("spec", {})
    if spec.get("type") == "ExternalName":
        problems.add(body, UNSUPPORTED, "spec.type: the mesh does not route to an ExternalName")
    if spec.get("sessionAffinity", "None") != "None":
        problems.add(
            body, UNSUPPORTED, f"spec.sessionAffinity: {spec['sessionAffinity']} is not supported and left out"
        )
    for index, port in enumerate(spec.get("ports") or ()):
        if port.get("protocol", "TCP") != "TCP":
            problems.add(body, UNSUPPORTED, f"spec.ports[{index}].protocol: only TCP is proxied")
