"""A cluster as Prometheus sees one: series under the names and labels that real programs give them, seen on real ones.

A dashboard may ask for these, for what the services themselves count, and for what the rules record; for nothing else.
"""

from dataclasses import dataclass
from itertools import product

# Of 100 requests a second for order 80 go to the stable version and 20 to the canary; a tenth of the canary's fail.
STABLE, CANARY, CANARY_FAILED = 80, 18, 2
# In milliseconds; three of four requests are answered within the second, all within the third.
BOUNDS = {"5": 0.0, "25": 0.75, "100": 1.0, "250": 1.0, "1000": 1.0, "+Inf": 1.0}
SECONDS = {"0.1": 0.75, "0.5": 0.9, "1": 1.0, "+Inf": 1.0}


@dataclass(frozen=True)
class Series:
    """One series: its value at first, and by how much it grows in a second."""

    name: str
    labels: dict[str, str]
    first: float = 0.0
    growth: float = 0.0

    def line(self, seconds):
        labels = ",".join(f'{name}="{value}"' for name, value in self.labels.items())
        return f"{self.name}{{{labels}}} {self.first + self.growth * seconds:.6f}"


def page(series, seconds):
    """Return what a scrape reads."""
    return "".join(f"{each.line(seconds)}\n" for each in series)


def counter(name, growth, **labels):
    return [Series(name, labels, growth=growth)]


def gauge(name, value, **labels):
    return [Series(name, labels, first=value)]


def histogram(name, growth, bounds=None, **labels):
    shares = bounds or BOUNDS
    return [Series(f"{name}_bucket", {**labels, "le": le}, growth=growth * share) for le, share in shares.items()]


def every(made):
    """Return all series of several lists."""
    return [series for each in made for series in each]


# --- the gateway of a cluster with Istio ---
def _to(workload, reporter, **labels):
    to = {"destination_workload": workload, "destination_workload_namespace": "shop", "reporter": reporter}
    if reporter == "source":
        to |= {"destination_service_name": "order", "destination_service_namespace": "shop"}
    return {**to, "instance": "10.0.0.1:15020", **labels}


def _seen(workload, code, growth, **labels):
    requests = counter("istio_requests_total", growth, **labels, response_code=code)
    return requests + histogram("istio_request_duration_milliseconds", growth, **labels, response_code=code)


_FROM_GATEWAY = {"source_workload": "istio-ingressgateway", "connection_security_policy": "unknown"}
_BY_POD = {"source_workload": "unknown", "connection_security_policy": "mutual_tls", "namespace": "shop"}
_ORDERS = [("order", "200", STABLE), ("order-canary", "200", CANARY), ("order-canary", "503", CANARY_FAILED)]
GATEWAY = every(_seen(who, code, n, **_to(who, "source", **_FROM_GATEWAY)) for who, code, n in _ORDERS)
SIDECARS = every(_seen(who, code, n, **_to(who, "destination", **_BY_POD)) for who, code, n in _ORDERS)
TCP = every(
    counter(f"istio_tcp_{what}_total", n, **_to("postgres", "destination", **_BY_POD))
    for what, n in {"connections_opened": 2, "connections_closed": 1, "sent_bytes": 900, "received_bytes": 500}.items()
)


# --- the gateway of the embedded cluster, with a shop in namespace demo ---
def _subset(track):
    return {"envoy_cluster_name": f"outbound|8080|{track}|order.demo.svc.cluster.local", "instance": "127.0.0.1:9902"}


_ANSWERS = [("stable", "200", STABLE), ("canary", "200", CANARY), ("canary", "503", CANARY_FAILED)]
ENVOY = every(
    counter("envoy_cluster_upstream_rq", n, envoy_response_code=code, **_subset(track)) for track, code, n in _ANSWERS
) + every(
    histogram("envoy_cluster_upstream_rq_time", n, **_subset(track))
    for track, n in {"stable": STABLE, "canary": CANARY + CANARY_FAILED}.items()
)

# --- istiod ---
_ISTIOD = {"app": "istiod", "namespace": "istio-system", "pod": "istiod-1"}
ISTIOD = (
    every(counter("pilot_xds_pushes", 3, **_ISTIOD, type=kind) for kind in ("cds", "eds", "lds", "rds"))
    + counter("pilot_total_xds_rejects", 1, **_ISTIOD, type="rds")
    + counter("pilot_push_triggers", 1, **_ISTIOD, type="endpoint")
    + histogram("pilot_proxy_convergence_time", 12, SECONDS, **_ISTIOD)
    + gauge("pilot_xds", 7, **_ISTIOD, version="1.31.4")
    + gauge("citadel_server_root_cert_expiry_seconds", 3e8, **_ISTIOD)
)

# --- Kubernetes, by the OpenTelemetry collector ---
_PHASES = {"order-pending": 1, "order-1": 2, "order-migrate-1": 3, "order-failed": 4, "order-unknown": 5}
_USED = {"k8s_pod_cpu_usage": 0.05, "k8s_pod_memory_working_set_bytes": 6e7}
_PROMISED = {
    "k8s_container_cpu_request": 0.1,
    "k8s_container_memory_request_bytes": 1.2e8,
    "k8s_container_memory_limit_bytes": 2.4e8,
    "k8s_container_restarts": 1,
}


def _here(**labels):
    return {"namespace": "shop", **labels}


KUBERNETES = (
    gauge("k8s_deployment_desired", 3, **_here(deployment="order"))
    + gauge("k8s_deployment_available", 2, **_here(deployment="order"))
    + every(gauge("k8s_pod_phase", phase, **_here(pod=pod, deployment="order")) for pod, phase in _PHASES.items())
    + every(gauge(f"k8s_hpa_{what}_replicas", 3, **_here(hpa="order")) for what in ("current", "desired", "max", "min"))
    + every(gauge(name, value, **_here(pod="order-1", deployment="order")) for name, value in _USED.items())
    + every(
        gauge(name, value, **_here(pod="order-1", deployment="order", container=container))
        for (name, value), container in product(_PROMISED.items(), ("order", "istio-proxy"))
    )
    + every(
        gauge(
            "k8s_container_status_reason",
            float(reason == "CrashLoopBackOff"),
            **_here(pod="order-1", deployment="order", container="order", k8s_container_status_reason=reason),
        )
        for reason in ("CrashLoopBackOff", "OOMKilled")
    )
)

# --- spans, by the same collector ---
_SPAN = {
    "namespace": "shop",
    "service_name": "order",
    "service_version": "v1",
    "track": "stable",
    "span_name": "GET",
    "span_kind": "SPAN_KIND_CLIENT",
}
SPANS = every(
    counter("traces_span_metrics_calls_total", growth, **_SPAN, status_code=f"STATUS_CODE_{status}")
    + histogram("traces_span_metrics_duration_seconds", growth, SECONDS, **_SPAN, status_code=f"STATUS_CODE_{status}")
    for status, growth in {"UNSET": 9, "ERROR": 1}.items()
)

SERIES = GATEWAY + SIDECARS + TCP + ENVOY + ISTIOD + KUBERNETES + SPANS
