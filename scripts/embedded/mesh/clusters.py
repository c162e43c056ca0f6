"""Service ports and subsets become Envoy clusters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedded.apiserver.resources import DESTINATION_RULES
from embedded.mesh import endpoints, names, traffic_policy
from embedded.mesh.problems import CONFLICT, UNKNOWN_REFERENCE, Problems
from embedded.mesh.values import typed
from embedded.mesh.world import World, ports, speaks_http2

Object = dict[str, Any]


@dataclass(frozen=True)
class Target:
    """A Service port or a subset of it: what an Envoy cluster stands for.

    Attributes:
        host: full host name of the Service.
        port: port of the Service.
        subset: subset of the DestinationRule, None for the whole Service.
        rule: spec of the DestinationRule, if there is any.
        fixed: whether the Service selects no pods, so that its endpoints hardly ever change.
    """

    host: str
    port: Object
    subset: Object | None
    rule: Object | None
    fixed: bool = False

    @property
    def key(self) -> tuple[str, int, str]:
        """Return what it is found by: host, port and subset."""
        return self.host, self.port["port"], (self.subset or {}).get("name", "")

    def name(self, side: str) -> str:
        """Return the name of the Envoy cluster on the gateway's or the mesh's side."""
        return names.cluster_name(*self.key, side)


def targets(world: World, problems: Problems) -> list[Target]:
    """Return everything that can be routed to."""
    rules = _rules(world, problems)
    found = []
    for host, service in sorted(world.services.items()):
        pattern = names.most_specific(rules, host)
        rule = rules[pattern] if pattern else None
        fixed = not service.get("spec", {}).get("selector")
        for port in ports(service):
            found += [Target(host, port, subset, rule, fixed) for subset in (None, *_subsets(rule))]
    return found


def fixed_cluster(world: World, target: Target, side: str) -> Object:
    """Return an Envoy cluster with its endpoints: every file that Envoy watches takes one of the user's inotifies."""
    members = load_assignment(world, target, side)
    members.pop("@type")
    return _cluster(target, side, type="STATIC", load_assignment=members)


def cluster(target: Target, side: str, folder: Path) -> Object:
    """Return an Envoy cluster whose endpoints are read from a file of this folder."""
    path = str(folder / names.file_name(target.name(side)))
    source = {"resource_api_version": "V3", "path_config_source": {"path": path}}
    return _cluster(target, side, type="EDS", eds_cluster_config={"eds_config": source})


def _cluster(target: Target, side: str, **fields: Any) -> Object:
    policy = traffic_policy.merge(target.rule, target.subset, target.port["port"])
    used = traffic_policy.cluster_fields(policy, speaks_http2(target.port))
    return typed("envoy.config.cluster.v3.Cluster", name=target.name(side), **fields, **used)


def load_assignment(world: World, target: Target, side: str) -> Object:
    """Return the endpoints of the cluster of a target."""
    labels = (target.subset or {}).get("labels") or {}
    return endpoints.assignment(target.name(side), endpoints.addresses(world, target.host, target.port, labels))


def _subsets(rule: Object | None) -> list[Object]:
    return list((rule or {}).get("subsets") or ())


def _rules(world: World, problems: Problems) -> dict[str, Object]:
    """Gather the DestinationRules by host; of several the oldest holds, and the others add their subsets."""
    rules: dict[str, Object] = {}
    for body in world.kind(DESTINATION_RULES):
        host = names.resolve(body["spec"]["host"], body["metadata"]["namespace"])
        if not any(names.covers(host, known) for known in world.services):
            problems.add(body, UNKNOWN_REFERENCE, f"spec.host: there is no Service {host}")
        elif host in rules:
            rules[host] = {**rules[host], "subsets": [*_subsets(rules[host]), *_further(rules[host], body)]}
            problems.add(
                body, CONFLICT, f"spec.host: an older DestinationRule for {host} holds; only subsets are added"
            )
        else:
            rules[host] = body["spec"]
    return rules


def _further(rule: Object, body: Object) -> Iterator[Object]:
    known = {subset["name"] for subset in _subsets(rule)}
    return (subset for subset in _subsets(body["spec"]) if subset["name"] not in known)
