"""The Secrets of Elasticsearch, Logstash and Kibana.

Everything comes from the server's Secret, which is made first and in one piece. The others repeat of it what their pods
need, so that an interrupted set-up goes on from there, and no pod gets to see more than its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cluster.authority import make_pair
from cluster.client import CORE, Cluster
from cluster.keeping import check_keys, create, new_password, read
from cluster.needs import Need
from cluster.stage import Change
from cluster.transport import Json

SERVER, CLIENTS, LOGSTASH, KIBANA = "elasticsearch-server", "elasticsearch", "logstash", "kibana"
# Whom the clients' Secret names: may search the platform's logs, and nothing else.
READER = "reader"
AUTHORITY = "ca.crt"
PASSWORDS = ("elastic-password", "logstash-password", "kibana-password", f"{READER}-password")
KIBANAS_KEYS = ("security-key", "saved-objects-key", "reporting-key")

Values = dict[str, str]


@dataclass(frozen=True)
class _Own:
    """A Secret, and how to make up what is in it."""

    need: Need
    values: Callable[[Cluster], Values]


def brings_elasticsearch(objects: Iterable[Json]) -> bool:
    """Tell whether an overlay brings an Elasticsearch, and so needs these Secrets."""
    return any(body["kind"] == "StatefulSet" and body["metadata"]["name"] == "elasticsearch" for body in objects)


def is_elks(need: Need) -> bool:
    """Tell whether a Secret is one of these."""
    return need.name in {each.need.name for each in _SECRETS}


def ensure_elk(cluster: Cluster, report: Callable[[Change], None] = lambda _change: None) -> list[Change]:
    """Make the Secrets that are not there yet.

    Args:
        cluster: the namespace of ELK, which must exist.
        report: told what became of each Secret.

    Returns:
        what became of each Secret.

    Raises:
        ClusterError: a Secret is there but lacks a key; it is left as it is.
    """
    changes = []
    for own in _SECRETS:
        found = cluster.collection(CORE, "secrets").find(own.need.name)
        if found is not None:
            check_keys(cluster, found, own.need)
        made = found is None and create(cluster, own.need.name, own.values(cluster))
        changes.append(Change("created" if made else "unchanged", "Secret", own.need.name))
        report(changes[-1])
    return changes


def _of_server(cluster: Cluster) -> Values:
    pair = make_pair(_names(cluster.namespace))
    passwords = {key: new_password() for key in PASSWORDS}
    return {"tls.crt": pair.certificate, "tls.key": pair.key, AUTHORITY: pair.authority, **passwords}


def _names(namespace: str) -> list[str]:
    """Return by what names Elasticsearch is reached: as a Service, and through a forwarded port."""
    service = "elasticsearch"
    inside = [service, *(f"{service}.{namespace}{end}" for end in ("", ".svc", ".svc.cluster.local"))]
    return [*inside, "localhost", "127.0.0.1", "::1"]


def _of_clients(cluster: Cluster) -> Values:
    return {"username": READER, **_of_user(cluster, READER)}


def _of_logstash(cluster: Cluster) -> Values:
    return _of_user(cluster, "logstash")


def _of_kibana(cluster: Cluster) -> Values:
    return {**_of_user(cluster, "kibana"), **{key: new_password() for key in KIBANAS_KEYS}}


def _of_user(cluster: Cluster, user: str) -> Values:
    """Return what a user of Elasticsearch needs, as the server's Secret has it."""
    return {"password": read(cluster, SERVER, f"{user}-password"), AUTHORITY: read(cluster, SERVER, AUTHORITY)}


_SECRETS = (
    _Own(Need(SERVER, frozenset({"tls.crt", "tls.key", AUTHORITY, *PASSWORDS})), _of_server),
    _Own(Need(CLIENTS, frozenset({"username", "password", AUTHORITY})), _of_clients),
    _Own(Need(LOGSTASH, frozenset({"password", AUTHORITY})), _of_logstash),
    _Own(Need(KIBANA, frozenset({"password", AUTHORITY, *KIBANAS_KEYS})), _of_kibana),
)
