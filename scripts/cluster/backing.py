"""Which pods stand behind what leads traffic to them: traffic may only be sent where somebody answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cluster.client import Cluster
from cluster.transport import Json


@dataclass(frozen=True)
class Backing:
    """Pods that must be ready before traffic is led to them.

    Attributes:
        deployment: the Deployment that runs them.
        labels: what Service and subset select them by.
    """

    deployment: str
    labels: tuple[tuple[str, str], ...]

    def ready(self, cluster: Cluster) -> int:
        """Return how many of the pods take traffic now."""
        return sum(_takes_traffic(pod) for pod in cluster.pods.list(dict(self.labels)))


def backings(body: Json, objects: list[Json]) -> list[Backing]:
    """Return what must be ready before a Service or VirtualService is applied.

    Pods that no Deployment of the overlay makes are not waited for: a canary or preview that exists only during a
    release has its side door all the time.
    """
    selectors = [_service_labels(body)] if body["kind"] == "Service" else list(_destinations(body, objects))
    deployments = [each for each in objects if each["kind"] == "Deployment"]
    return [
        Backing(deployment["metadata"]["name"], tuple(sorted(labels.items())))
        for labels in selectors
        for deployment in deployments
        if labels and _includes(deployment["spec"]["template"]["metadata"].get("labels") or {}, labels)
    ]


def _destinations(virtual_service: Json, objects: list[Json]) -> Iterator[dict[str, str]]:
    """Yield the labels of the pods to which a VirtualService leads some share of its traffic."""
    spec = virtual_service["spec"]
    for route in (route for protocol in ("http", "tcp", "tls") for route in spec.get(protocol) or []):
        for entry in route.get("route") or []:
            if entry.get("weight", 100) > 0:
                yield _destination_labels(entry["destination"], objects)


def _destination_labels(destination: Json, objects: list[Json]) -> dict[str, str]:
    host = destination["host"]
    labels: dict[str, str] = {}
    for service in _named(objects, "Service", host):
        labels |= _service_labels(service)
    for rule in (each for each in objects if each["kind"] == "DestinationRule" and each["spec"]["host"] == host):
        for subset in rule["spec"].get("subsets") or []:
            if subset["name"] == destination.get("subset"):
                labels |= subset.get("labels") or {}
    return labels


def _named(objects: Iterable[Json], kind: str, host: str) -> Iterator[Json]:
    """Yield the objects that a host means: by the short name or by any longer form of the full one."""
    for body in objects:
        name, namespace = body["metadata"]["name"], body["metadata"].get("namespace", "")
        if body["kind"] == kind and (host == name or f"{host}.".startswith(f"{name}.{namespace}.")):
            yield body


def _service_labels(service: Json) -> dict[str, str]:
    return dict(service["spec"].get("selector") or {})


def _includes(labels: dict[str, str], wanted: dict[str, str]) -> bool:
    return all(labels.get(key) == value for key, value in wanted.items())


def _takes_traffic(pod: Json) -> bool:
    conditions = pod.get("status", {}).get("conditions") or []
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    return ready and "deletionTimestamp" not in pod["metadata"]
