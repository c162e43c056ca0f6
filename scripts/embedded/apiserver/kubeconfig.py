"""The kubeconfig of the embedded cluster: everything that a client needs, in one file for this user alone."""

from __future__ import annotations

import base64
from pathlib import Path

import yaml

from embedded.apiserver.certificates import Certificates, write_private

NAME = "embedded"


def write(file: Path, server: str, certificates: Certificates, namespace: str = "default") -> None:
    """Write a kubeconfig.

    Args:
        file: where to; replaced in one step.
        server: URL of the API server.
        certificates: of the cluster; the client's is put into the file.
        namespace: the context's namespace.
    """
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": NAME,
                "cluster": {"server": server, "certificate-authority-data": _data(certificates.authority)},
            }
        ],
        "users": [
            {
                "name": NAME,
                "user": {
                    "client-certificate-data": _data(certificates.client),
                    "client-key-data": _data(certificates.client_key),
                },
            }
        ],
        "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME, "namespace": namespace}}],
        "current-context": NAME,
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    write_private(file, yaml.safe_dump(config, sort_keys=False).encode())


def _data(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()
