"""Columns of what connects pods: services, endpoint slices, policies, and Istio's kinds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from embedded.apiserver.tables.columns import AGE, NAME, Column, at, joined, selector, text

Object = Mapping[str, Any]
# kube-apiserver shows no more endpoints than these, and how many there are beside.
_SHOWN = 3


def _external_address(service: Object) -> str:
    spec = service.get("spec", {})
    given = list(spec.get("externalIPs") or ())
    if spec.get("type") == "ExternalName":
        return str(spec.get("externalName", ""))
    if spec.get("type") == "LoadBalancer":
        ingress = at(service, "status.loadBalancer.ingress", ())
        return joined([entry.get("ip") or entry.get("hostname") for entry in ingress] + given, "<pending>")
    return joined(given)


def _ports(service: Object) -> str:
    return joined(
        f"{port['port']}{':' + str(port['nodePort']) if port.get('nodePort') else ''}/{port.get('protocol', 'TCP')}"
        for port in at(service, "spec.ports", ())
    )


def _slice_ports(slice_: Object) -> str:
    return _shortened([str(port.get("port", "*")) for port in slice_.get("ports") or ()], "<unset>")


def _endpoints(slice_: Object) -> str:
    return _shortened([entry for point in slice_.get("endpoints") or () for entry in point["addresses"]], "<unset>")


def _shortened(items: list[str], default: str) -> str:
    if len(items) <= _SHOWN:
        return joined(items, default)
    return f"{joined(items[:_SHOWN])} + {len(items) - _SHOWN} more..."


def _listed(path: str) -> Any:
    def cell(body: Object) -> str:
        value = at(body, path)
        return "" if value is None else json.dumps(value, separators=(",", ":"))

    return cell


COLUMNS: dict[tuple[str, str], tuple[Column, ...]] = {
    ("", "Service"): (
        NAME,
        Column("Type", text("spec.type", "ClusterIP")),
        Column("Cluster-IP", text("spec.clusterIP")),
        Column("External-IP", _external_address),
        Column("Port(s)", _ports),
        AGE,
        Column("Selector", lambda body: selector(at(body, "spec.selector")), wide=True),
    ),
    ("discovery.k8s.io", "EndpointSlice"): (
        NAME,
        Column("AddressType", text("addressType")),
        Column("Ports", _slice_ports),
        Column("Endpoints", _endpoints),
        AGE,
    ),
    ("networking.k8s.io", "NetworkPolicy"): (
        NAME,
        Column("Pod-Selector", lambda body: selector(at(body, "spec.podSelector"))),
        AGE,
    ),
    ("networking.istio.io", "VirtualService"): (
        NAME,
        Column("Gateways", _listed("spec.gateways")),
        Column("Hosts", _listed("spec.hosts")),
        AGE,
    ),
    ("networking.istio.io", "DestinationRule"): (NAME, Column("Host", text("spec.host", "")), AGE),
    ("security.istio.io", "PeerAuthentication"): (NAME, Column("Mode", text("spec.mtls.mode", "")), AGE),
    ("security.istio.io", "AuthorizationPolicy"): (NAME, Column("Action", text("spec.action", "")), AGE),
}
