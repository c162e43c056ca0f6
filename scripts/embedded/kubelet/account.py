"""The service account of a pod: what its containers are told of the API server, and how they get in.

As in Kubernetes the folder appears below `MOUNT`, unless pod or account say otherwise; a process has no mounts, so the
path is rewritten wherever a manifest states it. The token is the cluster's one token: its one user may do everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedded.apiserver.resources import SERVICE_ACCOUNTS
from embedded.apiserver.store import Store

MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
# Nobody but the user who started the cluster: the token lets whoever reads it start processes here.
_PRIVATE = 0o600


@dataclass(frozen=True)
class ApiAccess:
    """How a pod reaches the API server.

    Attributes:
        host: its address.
        port: its port.
        ca: certificate of its authority, in PEM.
        token: bearer token.
    """

    host: str
    port: int
    ca: bytes
    token: str

    @property
    def environment(self) -> dict[str, str]:
        """Return what Kubernetes tells every container."""
        return {"KUBERNETES_SERVICE_HOST": self.host, "KUBERNETES_SERVICE_PORT": str(self.port)}


def is_mounted(store: Store, pod: dict[str, Any]) -> bool:
    """Tell whether a pod gets its account's token: the pod's word counts first, then the account's."""
    said = pod["spec"].get("automountServiceAccountToken")
    if said is None:
        name = pod["spec"].get("serviceAccountName", "default")
        account = store.find(SERVICE_ACCOUNTS, pod["metadata"]["namespace"], name) or {}
        said = account.get("automountServiceAccountToken")
    return said is not False


def write(folder: Path, access: ApiAccess, namespace: str) -> None:
    """Write the three files that clients look for."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"token": access.token.encode(), "ca.crt": access.ca, "namespace": namespace.encode()}
    for name, data in content.items():
        file = folder / name
        file.touch(mode=_PRIVATE)
        file.write_bytes(data)
