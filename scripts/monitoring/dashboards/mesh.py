"""Istio: what its proxies see of requests and connections, and how its control plane reaches the proxies."""

from __future__ import annotations

from monitoring.dashboards import promql
from monitoring.dashboards.dashboard import Dashboard, Row
from monitoring.dashboards.panels import Panel
from monitoring.dashboards.query import Query
from monitoring.dashboards.variables import Variable

_REQUESTS = "istio_requests_total"
_BUCKETS = "istio_request_duration_milliseconds_bucket"
_FAILED = 'response_code=~"5.."'
_MUTUAL = 'connection_security_policy="mutual_tls"'
_TO = ('destination_workload_namespace="$namespace"', 'destination_workload=~"$workload"')
# Each request is counted by both proxies: the receiving one knows how the connection was secured, the sending one knows
# also of requests that arrived nowhere.
_RECEIVED, _SENT = ('reporter="destination"', *_TO), ('reporter="source"', *_TO)
_WORKLOAD = "{{destination_workload}}"
_BY = "destination_workload"


def _received(title: str, about: str, expr: str, unit: str) -> Panel:
    return Panel(title, f"{about} As the receiving proxies count.", (Query(expr, _WORKLOAD),), unit=unit)


_HTTP = Row(
    "Requests",
    (
        _received("Requests", "Requests a second.", promql.rate(_REQUESTS, *_RECEIVED, by=_BY), "reqps"),
        _received(
            "Errors",
            "Share of requests that ended in a 5xx.",
            promql.share(_REQUESTS, *_RECEIVED, bad=_FAILED, by=_BY),
            "percentunit",
        ),
        _received(
            "Mutual TLS",
            "Share of requests that came by mutual TLS: all of them, where the namespace is strict.",
            promql.share(_REQUESTS, *_RECEIVED, bad=_MUTUAL, by=_BY),
            "percentunit",
        ),
        *(
            _received(
                f"p{share * 100:g}",
                f"p{share * 100:g} of the time to answer.",
                promql.quantile(share, _BUCKETS, *_RECEIVED, by=_BY),
                "ms",
            )
            for share in (0.5, 0.95, 0.99)
        ),
        Panel(
            "Who calls whom",
            "Requests a second from workload to workload, as the sending proxies count.",
            (
                Query(
                    promql.rate(_REQUESTS, *_SENT, by=f"source_workload, {_BY}"),
                    "{{source_workload}} to {{destination_workload}}",
                ),
            ),
            unit="reqps",
            width=12,
        ),
        Panel(
            "Who gets errors from whom",
            "Share of requests from workload to workload that ended in a 5xx, as the sending proxies count.",
            (
                Query(
                    promql.share(_REQUESTS, *_SENT, bad=_FAILED, by=f"source_workload, {_BY}"),
                    "{{source_workload}} to {{destination_workload}}",
                ),
            ),
            unit="percentunit",
            width=12,
        ),
    ),
)

_TCP = Row(
    "Connections",
    (
        Panel(
            "TCP connections",
            "TCP connections opened and closed in a second, such as those to the database.",
            tuple(
                Query(promql.rate(f"istio_tcp_connections_{what}_total", *_RECEIVED, by=_BY), f"{_WORKLOAD} {what}")
                for what in ("opened", "closed")
            ),
            unit="cps",
            width=12,
        ),
        Panel(
            "TCP bytes",
            "Bytes a second that workloads received and sent over TCP.",
            tuple(
                Query(promql.rate(f"istio_tcp_{what}_bytes_total", *_RECEIVED, by=_BY), f"{_WORKLOAD} {what}")
                for what in ("received", "sent")
            ),
            unit="Bps",
            width=12,
        ),
    ),
)


def _convergence(share: float) -> Query:
    return Query(promql.quantile(share, "pilot_proxy_convergence_time_bucket"), f"p{share * 100:g}")


_PILOT = Row(
    "Control plane",
    (
        Panel(
            "Pushes",
            "Configurations a second that istiod sends to proxies, by type: clusters (cds), endpoints (eds),"
            " listeners (lds) and routes (rds).",
            (Query(promql.rate("pilot_xds_pushes", by="type"), "{{type}}"),),
            unit="ops",
        ),
        Panel(
            "Until proxies have it",
            "Time from a change to the moment when a proxy has its configuration.",
            (_convergence(0.5), _convergence(0.99)),
            unit="s",
        ),
        Panel(
            "Rejected by proxies",
            "Configurations a second that proxies refused, by type: there should be none.",
            (Query(promql.rate("pilot_total_xds_rejects", by="type"), "{{type}}"),),
            unit="ops",
        ),
        Panel(
            "Why it pushes",
            "Changes a second that made istiod push, by kind.",
            (Query(promql.rate("pilot_push_triggers", by="type"), "{{type}}"),),
            unit="ops",
        ),
        Panel(
            "Connected proxies",
            "Proxies that are connected to each istiod.",
            (Query("sum by (pod) (pilot_xds)", "{{pod}}"),),
        ),
        Panel(
            "Root certificate",
            "Time until the certificate expires with which istiod signs those of the workloads.",
            (Query("min by (pod) (citadel_server_root_cert_expiry_seconds)", "{{pod}}"),),
            unit="s",
        ),
    ),
)

DASHBOARD = Dashboard(
    "istio",
    "Istio",
    "What Istio's proxies see of requests and connections, and how its control plane reaches them.",
    (
        Variable("namespace", _REQUESTS, "destination_workload_namespace", default="shop"),
        Variable("workload", promql.selected(_REQUESTS, _TO[0]), "destination_workload"),
    ),
    (_HTTP, _TCP, _PILOT),
)
