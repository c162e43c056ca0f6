"""The kubeconfig: all that a client needs to know of the cluster."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import yaml

from embedded.certificates import Credentials

NAME = "embedded"
# Where the shop runs, so that the commands of the labs need no -n.
NAMESPACE = "shop"


def write(file: Path, server: str, credentials: Credentials) -> None:
    """Write the kubeconfig; a client that reads it meanwhile sees the old one or the new one.

    Args:
        file: where to.
        server: address of the API server.
        credentials: its authority and token.
    """
    authority = base64.b64encode(credentials.ca.read_bytes()).decode()
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": NAME,
        "clusters": [{"name": NAME, "cluster": {"server": server, "certificate-authority-data": authority}}],
        "users": [{"name": NAME, "user": {"token": credentials.token}}],
        "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME, "namespace": NAMESPACE}}],
    }
    draft = file.with_suffix(".tmp")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as out:
        yaml.safe_dump(content, out, sort_keys=False)
    draft.replace(file)
