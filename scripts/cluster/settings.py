"""Which cluster is meant: arguments first, then the environment, then the embedded cluster of this checkout.

The cluster that a user's kubectl happens to point at is never taken by accident: a context that is neither the embedded
cluster's nor kind's has to be confirmed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cluster.errors import ClusterError

REPOSITORY = Path(__file__).resolve().parents[2]
EMBEDDED_KUBECONFIG = REPOSITORY / ".embedded" / "kubeconfig"
EMBEDDED_CONTEXT = "embedded"
KIND_PREFIX = "kind-"
DEFAULT_NAMESPACE = "shop"


@dataclass(frozen=True)
class Settings:
    """Where a cluster is and what stands in for discovery.

    Attributes:
        kubeconfig: path of the file; several, joined as in KUBECONFIG, are merged.
        context: context in it, None for its current one.
        namespace: namespace that is worked in.
        gateway_url: address of the gateway, None to look it up in the cluster.
        prometheus_url: address of Prometheus, None to go through the API server.
        confirmed: whether a cluster that is neither embedded nor kind's may be touched.
    """

    kubeconfig: str
    context: str | None
    namespace: str
    gateway_url: str | None
    prometheus_url: str | None
    confirmed: bool

    @classmethod
    def resolve(
        cls,
        kubeconfig: str | Path | None = None,
        context: str | None = None,
        namespace: str | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> Settings:
        """Return the settings for these arguments.

        Raises:
            ClusterError: there is no kubeconfig.
        """
        return cls(
            kubeconfig=_existing(kubeconfig, environ.get("KUBECONFIG")),
            context=context or environ.get("KUBECONTEXT") or None,
            namespace=namespace or environ.get("NAMESPACE") or DEFAULT_NAMESPACE,
            gateway_url=_url("GATEWAY_URL", environ),
            prometheus_url=_url("PROMETHEUS_URL", environ),
            confirmed=environ.get("CONFIRM") == "1",
        )

    def check_meant(self, context: str, server: str) -> None:
        """Refuse a cluster that nobody said these scripts may touch.

        Raises:
            ClusterError: the context needs CONFIRM=1.
        """
        if self.confirmed or context == EMBEDDED_CONTEXT or context.startswith(KIND_PREFIX):
            return
        raise ClusterError(
            f"context {context} ({server}) is neither the embedded cluster nor one of kind's: set CONFIRM=1 if releases"
            f" and drills may change namespace {self.namespace} there, or KUBECONTEXT to choose another"
        )


def _existing(argument: str | Path | None, environment: str | None) -> str:
    given = str(argument or environment or "")
    if not given:
        if EMBEDDED_KUBECONFIG.exists():
            return str(EMBEDDED_KUBECONFIG)
        raise ClusterError("no cluster is known: start the embedded one with `make up`, or set KUBECONFIG")
    if any(Path(part).expanduser().is_file() for part in given.split(os.pathsep) if part):
        return os.pathsep.join(str(Path(part).expanduser()) for part in given.split(os.pathsep) if part)
    raise ClusterError(f"no kubeconfig at {given}: start the embedded cluster with `make up`, or correct KUBECONFIG")


def _url(name: str, environ: Mapping[str, str]) -> str | None:
    value = environ.get(name, "").rstrip("/")
    if value and not value.startswith(("http://", "https://")):
        raise ClusterError(f"{name}={value} is no address: it must start with http:// or https://")
    return value or None
