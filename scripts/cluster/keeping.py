"""How Secrets are made up and kept: each is created once, and one that exists is never changed from here."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from secrets import token_urlsafe

from cluster.client import CORE, Cluster
from cluster.errors import ClusterError, Conflict
from cluster.needs import Need
from cluster.transport import Json

# As 32 characters that need no quoting in an address, in JSON or in a shell.
PASSWORD_BYTES = 24
# Not the platform's label: staging prunes what bears it and is not in the overlay.
_LABELS = {"app.kubernetes.io/managed-by": "proving-ground"}


def new_password() -> str:
    """Return 32 characters that nobody guesses."""
    return token_urlsafe(PASSWORD_BYTES)


def create(cluster: Cluster, name: str, values: Mapping[str, str]) -> bool:
    """Make a Secret; tell whether it was not there."""
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "labels": _LABELS}}
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    try:
        cluster.collection(CORE, "secrets").create({**body, "data": data})
    except Conflict:  # somebody else made it a moment ago, and theirs counts
        return False
    return True


def read(cluster: Cluster, name: str, key: str) -> str:
    """Return one value of a Secret.

    Raises:
        ClusterError: there is no such Secret.
    """
    return base64.b64decode(cluster.collection(CORE, "secrets").get(name)["data"][key]).decode()


def check_keys(cluster: Cluster, found: Json, need: Need) -> None:
    """See that a Secret that is there has the keys that are needed.

    Raises:
        ClusterError: it lacks some; they are named.
    """
    missing = sorted(need.keys - set(found.get("data") or {}))
    if missing:
        raise ClusterError(
            f"Secret {need.name} in namespace {cluster.namespace} has no {', '.join(missing)}: add it; a Secret that"
            " exists is never changed from here"
        )
