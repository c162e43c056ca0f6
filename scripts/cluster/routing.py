"""Weights of traffic: reading and changing how VirtualServices split a host over the subsets of its DestinationRule."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping

from cluster import wait
from cluster.client import Cluster
from cluster.errors import ClusterError
from cluster.transport import Json

FULL = 100
# Istio and the embedded mesh tell in the status up to which generation they carried a VirtualService out; a mesh that
# keeps silent about one that it observed before is not waited for any longer than this.
OBSERVED_DEADLINE = 5.0


class Router:
    """Splits the traffic of one namespace.

    Args:
        cluster: the namespace.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def weights(self, service: str) -> dict[str, int]:
        """Return the weight of each subset.

        Raises:
            ClusterError: nothing splits the service, or two VirtualServices split it differently.
        """
        found: dict[str, dict[str, int]] = {}
        for virtual_service in self._splitting(service):
            for split in _splits(virtual_service, service, self._cluster.namespace):
                found[virtual_service["metadata"]["name"]] = _weights(split)
        first = next(iter(found.values()))
        if any(weights != first for weights in found.values()):
            raise ClusterError(f"VirtualServices disagree on the weights of {service}: {found}")
        return first

    def set_weights(
        self, service: str, weights: Mapping[str, int], check: Callable[[Json, dict[str, int]], None] | None = None
    ) -> None:
        """Give each subset its share of the traffic; subsets that are not named get none.

        Every split of the service in the namespace is changed. Returns when the mesh has carried it out, if it says so.

        Args:
            service: name of the Service.
            weights: share of each subset, in percent.
            check: shown each VirtualService and its weights just before; it may raise, and nothing changes then.

        Raises:
            ClusterError: weights do not add up to 100 or name a subset that is not there; nothing splits the service.
        """
        _check_sum(weights)
        splitting = self._splitting(service)
        self._check_subsets(service, weights, splitting)
        names = [each["metadata"]["name"] for each in splitting]
        written = [self._cluster.virtual_services.amend(name, self._change(service, weights, check)) for name in names]
        for virtual_service in written:
            self._wait_observed(virtual_service)

    def virtual_services(self, service: str) -> list[Json]:
        """Return the VirtualServices that split a service.

        Raises:
            ClusterError: there is none.
        """
        return self._splitting(service)

    def _change(
        self, service: str, weights: Mapping[str, int], check: Callable[[Json, dict[str, int]], None] | None
    ) -> Callable[[Json], Json | None]:
        def change(current: Json) -> Json | None:
            http = copy.deepcopy(current["spec"]["http"])
            changed = {"spec": {"http": http}}
            for split in _splits(changed, service, self._cluster.namespace):
                if check:
                    check(current, _weights(split))
                for entry in split:
                    entry["weight"] = weights.get(entry["destination"]["subset"], 0)
            return None if http == current["spec"]["http"] else changed

        return change

    def _splitting(self, service: str) -> list[Json]:
        namespace = self._cluster.namespace
        found = [each for each in self._cluster.virtual_services.list() if any(_splits(each, service, namespace))]
        if not found:
            raise ClusterError(f"no VirtualService in namespace {namespace} splits {service} over subsets")
        return found

    def _check_subsets(self, service: str, weights: Mapping[str, int], splitting: list[Json]) -> None:
        namespace = self._cluster.namespace
        known: set[str] = set()
        for rule in self._cluster.destination_rules.list():
            if _is_host(rule["spec"].get("host", ""), service, namespace):
                known |= {subset["name"] for subset in rule["spec"].get("subsets", [])}
        routed = set[str].intersection(
            *(set(_weights(split)) for each in splitting for split in _splits(each, service, namespace))
        )
        for name in weights:
            if name not in known & routed:
                where = "VirtualService" if name in known else "DestinationRule"
                raise ClusterError(f"{service} has no subset {name} in its {where}: there is {_named(known & routed)}")

    def _wait_observed(self, virtual_service: Json) -> None:
        name, generation = virtual_service["metadata"]["name"], virtual_service["metadata"].get("generation", 0)
        if "observedGeneration" not in virtual_service.get("status", {}):
            return

        def check() -> bool | None:
            status = self._cluster.virtual_services.get(name).get("status", {})
            return True if int(status.get("observedGeneration", 0)) >= generation else None

        def late() -> Exception:
            return ClusterError(f"the mesh did not carry out VirtualService {name} within {OBSERVED_DEADLINE:g} s")

        wait.until(check, [(self._cluster.virtual_services, None)], OBSERVED_DEADLINE, late)


def _splits(virtual_service: Json, service: str, namespace: str) -> Iterator[list[Json]]:
    """Yield the destinations of every HTTP route that splits the service over subsets."""
    for route in virtual_service["spec"].get("http", []):
        destinations = route.get("route", [])
        if len(destinations) > 1 and all(
            _is_host(entry["destination"]["host"], service, namespace) and entry["destination"].get("subset")
            for entry in destinations
        ):
            yield destinations


def _weights(split: list[Json]) -> dict[str, int]:
    return {entry["destination"]["subset"]: int(entry.get("weight", 0)) for entry in split}


def _is_host(host: str, service: str, namespace: str) -> bool:
    """Tell whether a host names the Service: by its short name or by any longer form of its full one."""
    full = f"{service}.{namespace}.svc.cluster.local"
    return host in (service, f"{service}.{namespace}", f"{service}.{namespace}.svc", full)


def _check_sum(weights: Mapping[str, int]) -> None:
    text = ", ".join(f"{name} {weight}" for name, weight in weights.items())
    if any(not 0 <= weight <= FULL for weight in weights.values()) or sum(weights.values()) != FULL:
        raise ClusterError(f"weights must lie between 0 and {FULL} and add up to {FULL}, not {text or 'nothing'}")


def _named(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"
