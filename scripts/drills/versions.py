"""The versions of everything that takes part in a drill, as far as each tells its own."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cluster.client import APPS, CORE, GATEWAY_NAMESPACE, GATEWAY_SERVICE, Cluster
from cluster.errors import ClusterError
from cluster.settings import REPOSITORY

UNKNOWN = "unknown"
ISTIOD = {"app": "istiod"}
# On the gateway's Service of a cluster that has a proxy but no Istio.
ENVOY = "proving-ground/envoy"
# Git answers at once, or waits for something that nobody is going to give it.
GIT_SECONDS = 2.0

Objects = Sequence[Mapping[str, Any]]


def versions(cluster: Cluster, objects: Objects) -> dict[str, str]:
    """Return the versions by name; what cannot be learned is left out, or unknown.

    Args:
        cluster: where the drill takes place.
        objects: what its overlay holds; their images count.
    """
    return {
        "python": platform.python_version(),
        "kubernetes": _told(lambda: str(cluster.request("GET", "/version")["gitVersion"])) or UNKNOWN,
        "revision": revision(),
        **_only("istio", _told(lambda: _istio(cluster))),
        **_only("envoy", _told(lambda: _envoy(cluster))),
        **_images(objects),
    }


def revision() -> str:
    """Return the revision of this checkout, with a mark if it has changes; unknown without Git."""
    command = ["git", "-C", str(REPOSITORY), "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=GIT_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return UNKNOWN
    return done.stdout.strip() or UNKNOWN


def _told(ask: Callable[[], str]) -> str:
    """Return the answer, empty if there is none: a version that is not known is no reason to stop."""
    try:
        return ask()
    except (ClusterError, KeyError, TypeError, ValueError):
        return ""


def _only(name: str, version: str) -> dict[str, str]:
    return {name: version} if version else {}


def _istio(cluster: Cluster) -> str:
    """Return the tag of Istio's control plane."""
    found = cluster.collection(APPS, "deployments", GATEWAY_NAMESPACE).list(ISTIOD)
    images = [container["image"] for body in found for container in body["spec"]["template"]["spec"]["containers"]]
    return str(images[0]).rpartition("/")[2].partition(":")[2] if images else ""


def _envoy(cluster: Cluster) -> str:
    gateway = cluster.collection(CORE, "services", GATEWAY_NAMESPACE).get(GATEWAY_SERVICE)
    return str((gateway["metadata"].get("annotations") or {}).get(ENVOY, ""))


def _images(objects: Objects) -> dict[str, str]:
    """Return the images that Git says, by the workload that runs them."""
    return {
        f"image {body['metadata']['name']}": str(body["spec"]["template"]["spec"]["containers"][0]["image"])
        for body in objects
        if body["kind"] in ("Deployment", "StatefulSet")
    }
