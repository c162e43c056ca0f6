"""The gateways' raw counters of one service: what is asked of Prometheus, and what each series counts.

A plain Envoy counts by cluster, whose name holds port, subset, service and namespace. Istio counts by workload: the
canary's Deployment is called <stable>-canary, and a request that reached no pod has no workload. Its proxies may export
Envoy's counters too, under the label cluster_name; those are never asked for.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from typing import NamedTuple

ENVOY_REQUESTS = "envoy_cluster_upstream_rq"
ENVOY_TIMES = "envoy_cluster_upstream_rq_time_bucket"
ISTIO_REQUESTS = "istio_requests_total"
ISTIO_TIMES = "istio_request_duration_milliseconds_bucket"
GATEWAY = "istio-ingressgateway"

STABLE, CANARY = "stable", "canary"
# Of requests that reached no pod, where the source does not tell whose they would have been.
NOBODY = "unknown"

_CANARY_WORKLOAD = re.compile(r".+-canary")
MILLISECONDS = 1000.0


class Source(enum.StrEnum):
    """Who counts."""

    ENVOY = "envoy"
    ISTIO = "istio"


class Counted(NamedTuple):
    """What one series counts.

    Attributes:
        source: who counts.
        gateway: address that it is scraped at.
        job: Prometheus' job that scrapes it there.
        track: ``stable``, ``canary``, ``unknown``, or empty where the service has no subsets.
        code: status of the answers; None for a series of times.
        bound: seconds that the counted requests took at most; None for a series of requests.
    """

    source: Source
    gateway: str
    job: str
    track: str
    code: str | None
    bound: float | None


class Selection:
    """The series that belong to one service.

    Args:
        namespace: of the service.
        service: its name.
    """

    def __init__(self, namespace: str, service: str) -> None:
        self._namespace, self._service = namespace, service
        subset = "[^|]*"
        self._cluster = f"outbound[|][0-9]+[|]({subset})[|]{service}[.]{namespace}[.]svc[.]cluster[.]local"

    @property
    def selector(self) -> str:
        """Return the selector of everything that is read, of either source: one query, one snapshot.

        A label that is not there equals an empty one, so each source passes the conditions meant for the other.
        """
        names = "|".join((ENVOY_REQUESTS, ENVOY_TIMES, ISTIO_REQUESTS, ISTIO_TIMES))
        either = {
            "envoy_cluster_name": self._cluster,
            "destination_service_name": self._service,
            "destination_service_namespace": self._namespace,
            "reporter": "source",
            "source_workload": GATEWAY,
        }
        conditions = [f'__name__=~"{names}"', 'cluster_name=""']
        conditions += [f'{label}=~"|{value}"' for label, value in either.items()]
        return f"{{{','.join(conditions)}}}"

    def counted(self, labels: Mapping[str, str]) -> Counted | None:
        """Return what a series counts, None if it is of another service, of another place, or a sum of others."""
        name = labels.get("__name__", "")
        track = self._envoy_track(labels) if name in (ENVOY_REQUESTS, ENVOY_TIMES) else self._istio_track(labels)
        if track is None:
            return None
        source = Source.ENVOY if name in (ENVOY_REQUESTS, ENVOY_TIMES) else Source.ISTIO
        place = source, labels.get("instance", ""), labels.get("job", ""), track
        if name in (ENVOY_TIMES, ISTIO_TIMES):
            return Counted(*place, None, float(labels["le"]) / MILLISECONDS)
        code = labels.get("envoy_response_code" if source is Source.ENVOY else "response_code", "")
        return Counted(*place, code, None) if code else None

    def _envoy_track(self, labels: Mapping[str, str]) -> str | None:
        found = re.fullmatch(self._cluster, labels.get("envoy_cluster_name", ""))
        return found.group(1) if found else None

    def _istio_track(self, labels: Mapping[str, str]) -> str | None:
        expected = {
            "destination_service_name": self._service,
            "destination_service_namespace": self._namespace,
            "reporter": "source",
            "source_workload": GATEWAY,
        }
        if not expected.items() <= labels.items():
            return None
        workload = labels.get("destination_workload", NOBODY)
        if workload in ("", NOBODY):
            return NOBODY
        return CANARY if _CANARY_WORKLOAD.fullmatch(workload) else STABLE
