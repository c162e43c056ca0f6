"""Where the mesh listens; chosen by whoever knows the network of the cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple


class Address(NamedTuple):
    """One TCP address of this machine."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class MeshAddresses:
    """All addresses of Envoy.

    Attributes:
        gateway: where the ingress gateway listens.
        admin: Envoy's administration interface, for the mesh alone.
        stats: what Prometheus scrapes.
        outbound: gives the HTTP proxy of the pods of a namespace; must always give the same answer.
        traces: where spans are sent, by OTLP over HTTP; None where nobody takes them.
        cluster_ips: whether the Services' cluster addresses exist on this machine, so that Envoy can listen there.
    """

    gateway: Address
    admin: Address
    stats: Address
    outbound: Callable[[str], Address]
    traces: Address | None = None
    cluster_ips: bool = True
