"""Which cluster is meant: arguments first, then the environment, then the pod's own, then the embedded one.

The cluster that a user's kubectl happens to point at is never taken by accident: a context that is neither the embedded
cluster's nor kind's has to be named, and confirmed.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cluster.errors import ClusterError

REPOSITORY = Path(__file__).resolve().parents[2]
EMBEDDED_KUBECONFIG = REPOSITORY / ".embedded" / "kubeconfig"
EMBEDDED_CONTEXT = "embedded"
KIND_KUBECONFIG = REPOSITORY / ".kind" / "kubeconfig"
KIND_CONTEXT = "kind-proving-ground"
KIND_PREFIX = "kind-"
USERS_OWN = "~/.kube/config"
DEFAULT_NAMESPACE = "shop"
# Where a pod finds who it is; a process of the embedded cluster sees no mounts, and is told by SERVICE_ACCOUNT.
SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
IN_CLUSTER = "in-cluster"
_REGISTRY = re.compile(r"[\w.-]+(:\d+)?(/[\w.-]+)*")
# Contexts to which a person at the terminal has said yes: one answer holds for the whole command.
_agreed: set[tuple[str, str]] = set()


def asked_on_terminal(context: str, question: str) -> bool:
    """Ask a person, if there is one, for a clear yes: the name of the context, typed out."""
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    sys.stderr.write(f"{question}\ntype the name of the context to go on: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() == context


@dataclass(frozen=True)
class Settings:
    """Where a cluster is and what stands in for discovery.

    Attributes:
        kubeconfig: path of the file; several, joined as in KUBECONFIG, are merged. Empty in a pod.
        context: context in it, None for its current one.
        namespace: namespace that is worked in.
        gateway_url: address of the gateway, None to look it up in the cluster.
        prometheus_url: address of Prometheus, None to go through the API server.
        confirmed: whether a cluster that is neither embedded nor kind's may be touched.
        registry: prefix of the shop's own images, such as ``registry.example.com/team``, empty for none.
        jaeger_url: address of Jaeger, None to look it up in the cluster.
        elasticsearch_url: likewise of Elasticsearch.
        grafana_url: likewise of Grafana.
        account: folder of the service account of the pod that this process runs in, empty outside of a cluster.
    """

    kubeconfig: str
    context: str | None
    namespace: str
    gateway_url: str | None
    prometheus_url: str | None
    confirmed: bool
    registry: str = ""
    jaeger_url: str | None = None
    elasticsearch_url: str | None = None
    grafana_url: str | None = None
    account: str = ""

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
            ClusterError: there is no kubeconfig, or an address cannot be one.
        """
        chosen = context or environ.get("KUBECONTEXT") or None
        given = str(kubeconfig or environ.get("KUBECONFIG") or "")
        account = "" if given or chosen else _account(environ)
        return cls(
            kubeconfig="" if account else _existing(given, chosen),
            context=chosen,
            namespace=namespace or environ.get("NAMESPACE") or _own_namespace(account) or DEFAULT_NAMESPACE,
            account=account,
            gateway_url=_url("GATEWAY_URL", environ),
            prometheus_url=_url("PROMETHEUS_URL", environ),
            confirmed=environ.get("CONFIRM") == "1",
            registry=registry(environ),
            jaeger_url=_url("JAEGER_URL", environ),
            elasticsearch_url=_url("ELASTICSEARCH_URL", environ),
            grafana_url=_url("GRAFANA_URL", environ),
        )

    def check_meant(self, context: str, server: str, ask: Callable[[str, str], bool] = asked_on_terminal) -> None:
        """Refuse a cluster that nobody said these scripts may touch.

        Args:
            context: the context that was found.
            server: address of its API server.
            ask: puts the question to a person; true for a clear yes.

        Raises:
            ClusterError: the context needs CONFIRM=1.
        """
        if self.confirmed or context == EMBEDDED_CONTEXT or context.startswith(KIND_PREFIX):
            return
        doubt = f"context {context} ({server}) is neither the embedded cluster nor one of kind's"
        if (context, server) in _agreed or ask(context, f"{doubt}; namespace {self.namespace} will be changed there"):
            _agreed.add((context, server))
            return
        raise ClusterError(
            f"{doubt}: set CONFIRM=1 if releases and drills may change namespace {self.namespace} there, or KUBECONTEXT"
            " to choose another"
        )


def _account(environ: Mapping[str, str]) -> str:
    """Return the folder of this pod's service account, empty where this is no pod, or one without a token."""
    folder = Path(environ.get("SERVICE_ACCOUNT") or SERVICE_ACCOUNT)
    return str(folder) if environ.get("KUBERNETES_SERVICE_HOST") and (folder / "token").is_file() else ""


def _own_namespace(account: str) -> str:
    file = Path(account) / "namespace"
    return file.read_text().strip() if account and file.is_file() else ""


def _existing(given: str, context: str | None) -> str:
    given = given or _usual(context)
    if not given:
        raise ClusterError("no cluster is known: start the embedded one with `make up`, or set KUBECONFIG")
    parts = [str(Path(part).expanduser()) for part in given.split(os.pathsep) if part]
    if any(Path(part).is_file() for part in parts):
        return os.pathsep.join(parts)
    if context and given == USERS_OWN:
        raise ClusterError(f"context {context} is looked up in {given}, which is not there: set KUBECONFIG")
    of_kind = Path(given).parent.name == KIND_KUBECONFIG.parent.name
    start = "kind's cluster with `make up CLUSTER=kind`" if of_kind else "the embedded cluster with `make up`"
    raise ClusterError(f"no kubeconfig at {given}: start {start}, or correct KUBECONFIG")


def _usual(context: str | None) -> str:
    """Return the kubeconfig where none is given; the user's own is looked at only for a context that was named."""
    if context in (None, EMBEDDED_CONTEXT):
        return str(EMBEDDED_KUBECONFIG) if EMBEDDED_KUBECONFIG.exists() else ""
    return str(KIND_KUBECONFIG) if context == KIND_CONTEXT and KIND_KUBECONFIG.exists() else USERS_OWN


def registry(environ: Mapping[str, str]) -> str:
    """Return IMAGE_REGISTRY, the prefix of the shop's own images, or nothing.

    Raises:
        ClusterError: it cannot be one.
    """
    value = environ.get("IMAGE_REGISTRY", "").rstrip("/")
    if value and not _REGISTRY.fullmatch(value):
        raise ClusterError(
            f"IMAGE_REGISTRY={value} is no prefix of an image: write it as in registry.example.com/team, without https://"
        )
    return value


def _url(name: str, environ: Mapping[str, str]) -> str | None:
    value = environ.get(name, "").rstrip("/")
    if value and not value.startswith(("http://", "https://")):
        raise ClusterError(f"{name}={value} is no address: it must start with http:// or https://")
    return value or None
