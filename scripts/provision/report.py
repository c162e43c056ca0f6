"""Where everything answers, and that it does."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Iterator

from cluster.client import Cluster
from cluster.prometheus import NAMESPACE as PROMETHEUS_NAMESPACE
from cluster.settings import KIND_CONTEXT
from provision.errors import ProvisionError

# A gateway that got its routes a moment ago may need some seconds; one that needs more cannot be reached from here.
GATEWAY_DEADLINE = 60.0
ASK_AGAIN = 1.0
# What people look at, with the port of its Service.
TOOLS = {"grafana": 3000, "jaeger": 16686, "kibana": 5601, "prometheus": 9090, "alertmanager": 9093}
TIMEOUT = 5.0


def await_gateway(url: str, deadline: float = GATEWAY_DEADLINE) -> None:
    """Wait until somebody behind the gateway answers, as users would see it.

    Raises:
        ProvisionError: nobody does; says what came instead.
    """
    until = time.monotonic() + deadline
    while said := _ask(f"{url}/orders"):
        if time.monotonic() > until:
            raise ProvisionError(
                f"the shop does not answer at {url} ({said}): is that the gateway's address from here? If not, set"
                " GATEWAY_URL"
            )
        time.sleep(ASK_AGAIN)


def addresses(cluster: Cluster) -> Iterator[str]:
    """Yield the lines that tell where everything answers."""
    chosen = "CLUSTER=kind" if cluster.name == KIND_CONTEXT else f"KUBECONTEXT={cluster.name}"
    lines = {
        "cluster": f"{cluster.name}, namespace {cluster.namespace}",
        "gateway": f"{cluster.gateway_url}/orders",
        **_tools(cluster),
        "kubeconfig": cluster.settings.kubeconfig,
        "drill": f"make drill-canary {chosen}",
    }
    for name, value in lines.items():
        yield f"  {name:<12} {value}"


def _tools(cluster: Cluster) -> dict[str, str]:
    """Return where each of the tools that people look at answers."""
    services = cluster.at(PROMETHEUS_NAMESPACE).services
    named = {"prometheus": cluster.settings.prometheus_url}
    forward = f"kubectl port-forward -n {PROMETHEUS_NAMESPACE} service"
    found = {name: f"{forward}/{name} {port}" for name, port in TOOLS.items() if services.find(name) is not None}
    return found | {name: url for name, url in named.items() if url}


def _ask(url: str) -> str:
    """Return what is wrong with the answer, or nothing."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=TIMEOUT):
            return ""
    except urllib.error.HTTPError as error:
        # Whoever asks for a token or for TLS is there.
        return f"status {error.code}" if error.code in (404, 502, 503, 504) else ""
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", error))
