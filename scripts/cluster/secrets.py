"""The Secrets that an overlay's pods need and Git does not hold: made up once, never printed, kept ever after."""

from __future__ import annotations

from collections.abc import Callable

from cluster.client import CORE, Cluster
from cluster.elk_secrets import brings_elasticsearch, ensure_elk, is_elks
from cluster.errors import ClusterError
from cluster.keeping import check_keys, create, new_password, read
from cluster.needs import Need, needs
from cluster.objects import Objects, kind_of
from cluster.stage import NAMESPACE, Change
from cluster.transport import Json

POSTGRES = "postgres"
SUPERUSER = "superuser-password"
DATABASE_SUFFIX = "-database"
GRAFANA = "grafana"
GRAFANA_USER, GRAFANA_PASSWORD = "admin-user", "admin-password"


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
    changes: list[Change] = []
    strangers: list[Need] = []
    if brings_elasticsearch(objects):
        changes += ensure_elk(cluster, report)
        wanted = [need for need in wanted if not is_elks(need)]
    for need in wanted:
        found = secrets.find(need.name)
        if found is not None:
            check_keys(cluster, found, need)
        elif not (_is_grafanas(need) or (_brings_postgres(objects) and _is_known(need))):
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


def _is_grafanas(need: Need) -> bool:
    return need.name == GRAFANA and need.keys <= {GRAFANA_USER, GRAFANA_PASSWORD}


def _create(cluster: Cluster, need: Need) -> bool:
    """Make a Secret; tell whether it was not there."""
    if need.name == POSTGRES:
        return create(cluster, need.name, {key: new_password() for key in need.keys})
    if _is_grafanas(need):
        return create(cluster, GRAFANA, {GRAFANA_USER: "admin", GRAFANA_PASSWORD: new_password()})
    return create(cluster, need.name, {"url": _url(cluster, need)})


def _url(cluster: Cluster, need: Need) -> str:
    """Return the address of a service's database, with the password that PostgreSQL gets to know at its first start."""
    service = need.name.removesuffix(DATABASE_SUFFIX)
    password = read(cluster, POSTGRES, f"{service}-password")
    return f"postgresql+psycopg://{service}:{password}@{POSTGRES}:5432/{service}"


def _how_to_bring(cluster: Cluster, need: Need) -> str:
    literals = " ".join(f"--from-literal={key}=..." for key in sorted(need.keys))
    return (
        f"Secret {need.name} is yours to bring: kubectl create secret generic {need.name}"
        f" --namespace {cluster.namespace} {literals}".rstrip()
    )
