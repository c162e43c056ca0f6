"""What the platform's namespace looks like now: workloads, where Services lead, and how traffic is split."""

from __future__ import annotations

from collections.abc import Iterator

from cluster.client import Cluster
from cluster.errors import ClusterError, NotFound
from cluster.manifests import PART_OF, PLATFORM
from cluster.transport import Json

Row = tuple[str, ...]


def status_lines(cluster: Cluster) -> Iterator[str]:
    """Yield the lines of the report.

    Raises:
        ClusterError: the cluster does not answer, or there is nothing of the platform on it.
    """
    ours = {PART_OF: PLATFORM}
    deployments = cluster.deployments.list(ours)
    if not deployments:
        raise ClusterError(
            f"namespace {cluster.namespace} of cluster {cluster.name} holds nothing of the platform:"
            " `python -m cluster stage k8s/overlays/embedded` puts it there"
        )
    yield f"cluster {cluster.name}, namespace {cluster.namespace}, gateway {_gateway(cluster)}"
    yield from _table(("DEPLOYMENT", "READY", "TRACK", "VERSION", "IMAGE"), [_deployment(each) for each in deployments])
    services = [_service(each) for each in cluster.services.list(ours)]
    yield from _table(("SERVICE", "SELECTOR"), services)
    yield from _table(("ROUTE", "WHEN", "TO"), [row for each in _virtual_services(cluster) for row in _routes(each)])


def _gateway(cluster: Cluster) -> str:
    try:
        return cluster.gateway_url
    except ClusterError as error:
        return f"unknown ({error})"


def _virtual_services(cluster: Cluster) -> list[Json]:
    try:
        return cluster.virtual_services.list({PART_OF: PLATFORM})
    except NotFound:
        return []


def _deployment(body: Json) -> Row:
    ready, wanted = body.get("status", {}).get("readyReplicas", 0), body["spec"].get("replicas", 1)
    template = body["spec"]["template"]
    labels = template["metadata"].get("labels") or {}
    image = ", ".join(container["image"] for container in template["spec"]["containers"])
    return body["metadata"]["name"], f"{ready}/{wanted}", labels.get("track", "-"), labels.get("version", "-"), image


def _service(body: Json) -> Row:
    selector = body["spec"].get("selector") or {}
    return body["metadata"]["name"], ",".join(f"{key}={value}" for key, value in sorted(selector.items())) or "-"


def _routes(body: Json) -> Iterator[Row]:
    for route in body["spec"].get("http") or []:
        yield body["metadata"]["name"], _when(route), ", ".join(_destination(each) for each in route.get("route") or [])


def _when(route: Json) -> str:
    conditions = []
    for match in route.get("match") or []:
        headers = [f"{name}: {'/'.join(value.values())}" for name, value in (match.get("headers") or {}).items()]
        conditions.append(" ".join(["/".join((match.get("uri") or {}).values()), *headers]).strip())
    return " or ".join(conditions) or "always"


def _destination(entry: Json) -> str:
    destination = entry["destination"]
    subset = f" {destination['subset']}" if "subset" in destination else ""
    return f"{destination['host']}{subset} {entry.get('weight', 100)} %"


def _table(head: Row, rows: list[Row]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    yield ""
    for row in [head, *rows]:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
