"""The Secrets that an overlay's pods need and Git does not hold: made up once, never printed, kept ever after."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from secrets import token_urlsafe

from cluster.client import CORE, Cluster
from cluster.errors import ClusterError, Conflict
from cluster.needs import Need, needs
from cluster.objects import Objects, kind_of
from cluster.stage import NAMESPACE, Change
from cluster.transport import Json

# As 32 characters that need no quoting in an address.
PASSWORD_BYTES = 24
POSTGRES = "postgres"
SUPERUSER = "superuser-password"
DATABASE_SUFFIX = "-database"
# Not the platform's label: staging prunes what bears it and is not in the overlay.
_LABELS = {"app.kubernetes.io/managed-by": "proving-ground"}


def ensure(
    cluster: Cluster, objects: list[Json], report: Callable[[Change], None] = lambda _change: None
) -> list[Change]:
    """Make the Secrets that objects need and that are not there yet.

    Args:
        cluster: the namespace.
        objects: what the overlay holds; its Namespace is made first.
        report: told what became of each Secret.

    Returns:
        what became of each Secret.

    Raises:
        ClusterError: a Secret is missing that only whoever runs the cluster can know; all such are named.
    """
    for body in objects:
        if kind_of(body) == NAMESPACE:
            Objects(cluster).apply(body)
    wanted = _with_passwords(needs(objects)) if _brings_postgres(objects) else needs(objects)
    secrets = cluster.collection(CORE, "secrets")
    changes, strangers = [], []
    for need in wanted:
        found = secrets.find(need.name)
        if found is not None:
            _check_keys(cluster, found, need)
        elif not (_brings_postgres(objects) and _is_known(need)):
            strangers.append(need)
            continue
        made = found is None and _create(cluster, need)
        changes.append(Change("created" if made else "unchanged", "Secret", need.name))
        report(changes[-1])
    if strangers:
        raise ClusterError("; ".join(_how_to_bring(cluster, need) for need in strangers))
    return changes


def _brings_postgres(objects: list[Json]) -> bool:
    return any(body["kind"] == "StatefulSet" and body["metadata"]["name"] == POSTGRES for body in objects)


def _with_passwords(wanted: list[Need]) -> list[Need]:
    """Return the needs with PostgreSQL's first and in full: each database has a role with a password of its own."""
    databases = [need.name for need in wanted if need.name.endswith(DATABASE_SUFFIX)]
    keys = {SUPERUSER, *(f"{name.removesuffix(DATABASE_SUFFIX)}-password" for name in databases)}
    keys |= {key for need in wanted if need.name == POSTGRES for key in need.keys}
    return [Need(POSTGRES, frozenset(keys)), *(need for need in wanted if need.name != POSTGRES)]


def _is_known(need: Need) -> bool:
    return need.name == POSTGRES or (need.name.endswith(DATABASE_SUFFIX) and need.keys <= {"url"})


def _create(cluster: Cluster, need: Need) -> bool:
    """Make a Secret; tell whether it was not there."""
    passwords = need.name == POSTGRES
    values = {key: token_urlsafe(PASSWORD_BYTES) for key in need.keys} if passwords else {"url": _url(cluster, need)}
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": need.name, "labels": _LABELS}}
    try:
        cluster.collection(CORE, "secrets").create({**body, "data": _encoded(values)})
    except Conflict:  # somebody else made it a moment ago, and theirs counts
        return False
    return True


def _url(cluster: Cluster, need: Need) -> str:
    """Return the address of a service's database, with the password that PostgreSQL gets to know at its first start."""
    service = need.name.removesuffix(DATABASE_SUFFIX)
    passwords = cluster.collection(CORE, "secrets").get(POSTGRES)["data"]
    password = base64.b64decode(passwords[f"{service}-password"]).decode()
    return f"postgresql+psycopg://{service}:{password}@{POSTGRES}:5432/{service}"


def _encoded(values: Mapping[str, str]) -> dict[str, str]:
    return {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}


def _check_keys(cluster: Cluster, found: Json, need: Need) -> None:
    missing = sorted(need.keys - set(found.get("data") or {}))
    if missing:
        raise ClusterError(
            f"Secret {need.name} in namespace {cluster.namespace} has no {', '.join(missing)}: add it; a Secret that"
            " exists is never changed from here"
        )


def _how_to_bring(cluster: Cluster, need: Need) -> str:
    literals = " ".join(f"--from-literal={key}=..." for key in sorted(need.keys))
    return (
        f"Secret {need.name} is yours to bring: kubectl create secret generic {need.name}"
        f" --namespace {cluster.namespace} {literals}".rstrip()
    )
