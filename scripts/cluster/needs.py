"""The Secrets that pods of an overlay cannot start without, and that Git does not hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cluster.client import CORE, Cluster
from cluster.errors import ClusterError
from cluster.transport import Json

_WITH_PODS = frozenset({"CronJob", "DaemonSet", "Deployment", "Job", "Pod", "ReplicaSet", "StatefulSet"})


@dataclass(frozen=True)
class Need:
    """A Secret that pods of an overlay refer to.

    Attributes:
        name: name of the Secret.
        keys: what must be in it; empty where pods take all that there is.
    """

    name: str
    keys: frozenset[str]


def needs(objects: list[Json]) -> list[Need]:
    """Return the Secrets that pods refer to, that the objects do not bring, and that pods cannot do without."""
    brought = {body["metadata"]["name"] for body in objects if body["kind"] == "Secret"}
    keys: dict[str, set[str]] = {}
    pods = [body for body in objects if body["kind"] in _WITH_PODS]
    for name, key in (pair for body in pods for pair in _references(body["spec"])):
        keys.setdefault(name, set()).update({key} if key else ())
    return [Need(name, frozenset(each)) for name, each in sorted(keys.items()) if name not in brought]


def check_needs(cluster: Cluster, objects: list[Json]) -> None:
    """See that the Secrets are there, before pods are made that could only wait for them.

    Raises:
        ClusterError: some are missing, or lack a key; all of them are named.
    """
    wanted = needs(objects)
    secrets = cluster.collection(CORE, "secrets") if wanted else None
    missing = []
    for need in wanted:
        found = secrets.find(need.name) if secrets else None
        keys = sorted(need.keys - set((found or {}).get("data") or {}))
        if found is None or keys:
            missing.append(f"{need.name} ({', '.join(keys)})" if keys else need.name)
    if missing:
        what, verb = ("Secrets", "are") if len(missing) > 1 else ("Secret", "is")
        raise ClusterError(
            f"{what} {', '.join(missing)} {verb} missing in namespace {cluster.namespace}: `python -m cluster secrets"
            " OVERLAY` makes those of a database that the overlay brings, bring the others with `kubectl create secret`"
        )


def _references(value: Any) -> Iterator[tuple[str, str]]:
    """Yield name and key (empty: all of it) of every Secret that a part of an object refers to."""
    if isinstance(value, list):
        for each in value:
            yield from _references(each)
    if not isinstance(value, dict):
        return
    for reference in (value.get(field) for field in ("secretKeyRef", "secretRef", "secret")):
        if isinstance(reference, dict) and not reference.get("optional"):
            name = str(reference.get("secretName") or reference.get("name"))
            items = [item["key"] for item in reference.get("items") or []]
            yield from ((name, key) for key in items or [str(reference.get("key") or "")])
    for each in value.values():
        yield from _references(each)
