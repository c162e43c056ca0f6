"""How hosts and Envoy's clusters are called: Istio's own names."""

from __future__ import annotations

from collections.abc import Iterable

DOMAIN = "svc.cluster.local"
# Istio's cluster without endpoints: what refers to something unknown is routed here and answered with 503.
BLACK_HOLE = "BlackHoleCluster"
# Gateway and sidecars are proxies of their own in Istio, with their own statistics, breakers and ejections. Here one
# Envoy plays both, so the clusters of the sidecars' side bear a mark and those of the gateway Istio's plain name.
GATEWAY_SIDE = ""
MESH_SIDE = "~mesh"


def service_host(namespace: str, name: str) -> str:
    """Return the full host name of a Service."""
    return f"{name}.{namespace}.{DOMAIN}"


def resolve(host: str, namespace: str) -> str:
    """Return the full name of a host that an object of this namespace names; only a name without dots is short."""
    return host if "." in host or host.startswith("*") else service_host(namespace, host)


def cluster_name(host: str, port: int, subset: str = "", side: str = GATEWAY_SIDE) -> str:
    """Return the name of the Envoy cluster of a Service port or of a subset of it."""
    return f"outbound|{port}|{subset}|{host}{side}"


def file_name(name: str) -> str:
    """Return the name of the file that holds a resource; no Kubernetes name contains an underscore."""
    return name.replace("|", "_").replace("/", "_") + ".json"


def covers(pattern: str, host: str) -> bool:
    """Tell whether a host pattern (exact, ``*`` or ``*.domain``) contains a host or another pattern."""
    if pattern == "*" or pattern == host:
        return True
    return pattern.startswith("*") and host.endswith(pattern[1:]) and host != pattern[1:]


def common_host(one: str, other: str) -> str | None:
    """Return the narrower of two host patterns if one covers the other."""
    if covers(one, other):
        return other
    return one if covers(other, one) else None


def most_specific(patterns: Iterable[str], host: str) -> str | None:
    """Return the pattern that fits a host most closely, as Istio chooses between several."""
    fitting = [pattern for pattern in patterns if covers(pattern, host)]
    return max(fitting, key=lambda pattern: (not pattern.startswith("*"), len(pattern)), default=None)


def service_domains(host: str, client_namespace: str) -> list[str]:
    """Return all names under which the pods of a namespace may call a Service."""
    name, namespace, _rest = host.split(".", 2)
    names = [host, f"{name}.{namespace}.svc", f"{name}.{namespace}"]
    return [*names, name] if namespace == client_namespace else names
