"""Small clusters for tests of the translation, and the way from them to Envoy's objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit.mesh.mesh_lab import destination_rule, endpoint_slice, service

from embedded.mesh.addresses import Address, MeshAddresses
from embedded.mesh.admitted import Admitted
from embedded.mesh.problems import Problems
from embedded.mesh.translate import Configuration, Layout, Translation
from embedded.mesh.world import ROUTING, World, by_age

Object = dict[str, Any]
ADDRESSES = MeshAddresses(
    gateway=Address("127.9.0.1", 8080),
    admin=Address("127.9.0.2", 9901),
    stats=Address("127.9.0.2", 9902),
    outbound=lambda namespace: Address("127.9.0.3", 15000 + len(namespace)),
)
LAYOUT = Layout(Path("/state/endpoints"), Path("/state/routes"), Path("/state/access.log"))


def world(*bodies: Object) -> World:
    """Return a cluster with a Service ``order`` that has a stable and a canary pod, and these objects."""
    bodies = (service("order", clusterIP="127.9.2.1"), destination_rule("order", "stable", "canary"), *bodies)
    unique = {(each["kind"], each["metadata"]["namespace"], each["metadata"]["name"]): each for each in bodies}
    slices = [endpoint_slice("order", "stable-1", 7001), endpoint_slice("order", "canary-1", 7002)]
    labels = {("shop", f"{track}-1"): {"track": track, "app": "order"} for track in ("stable", "canary")}
    services = [each for each in unique.values() if each["kind"] == "Service"]
    return World(
        namespaces=["other", "shop"],
        services={f"{s['metadata']['name']}.{s['metadata']['namespace']}.svc.cluster.local": s for s in services},
        slices={"order.shop.svc.cluster.local": slices},
        pod_labels=labels,
        routing={
            kind.kind: by_age([each for each in unique.values() if each["kind"] == kind.kind]) for kind in ROUTING
        },
    )


def translate(of: World) -> tuple[Configuration, list[tuple[str, str]]]:
    """Return Envoy's configuration and what was found wrong, as pairs of reason and message."""
    problems = Problems()
    admitted = Admitted().admit(of, problems)
    made = Translation(admitted, ADDRESSES, LAYOUT, lambda _service, _address: True, problems).run()
    return made, [(problem.reason, problem.message) for problem in problems]


def gateway_routes(*bodies: Object, domain: str = "*") -> list[Object]:
    """Return the routes of a virtual host of the gateway."""
    made, _problems = translate(world(*bodies))
    hosts = {host["domains"][0]: host["routes"] for host in made.routes["gateway"]["virtual_hosts"]}
    return hosts.get(domain, [])
