"""A service by rate, errors and duration, as its pods count them; the traces of single requests open from the dots."""

from __future__ import annotations

from monitoring.dashboards import objectives, promql
from monitoring.dashboards.dashboard import Dashboard, Row
from monitoring.dashboards.panels import OBJECTIVE, Heatmap, Panel
from monitoring.dashboards.query import Query
from monitoring.dashboards.variables import Variable

_REQUESTS = "http_requests_total"
_BUCKETS = "http_request_duration_seconds_bucket"
_IN_PROGRESS = "http_requests_in_progress"
# What the kubelet and Prometheus ask for is no user's request.
USERS = 'route!~"/livez|/readyz|/metrics|/openapi[.]json"'
_PODS = ('namespace="$namespace"', 'service=~"$service"', 'version=~"$version"')
_CHOSEN = (*_PODS, 'route=~"$route"', USERS)
_BY_VERSION, _BY_ROUTE = "{{service}} {{version}}", "{{service}} {{route}}"
_DOTS = "Each dot is a request; its trace opens from it."


def _requests(by: str, legend: str, what: str) -> Panel:
    query = Query(promql.rate(_REQUESTS, *_CHOSEN, by=by), legend, exemplars=True)
    return Panel(f"Requests by {what}", f"Requests a second that the pods answered. {_DOTS}", (query,), unit="reqps")


def _errors(by: str, legend: str, what: str, *more: Query) -> Panel:
    query = Query(promql.share(_REQUESTS, *_CHOSEN, bad=promql.FAILED, by=by), legend)
    about = f"Share of requests that ended in a 5xx.{' Dashed: the objective.' if more else ''}"
    return Panel(f"Errors by {what}", about, (query, *more), unit="percentunit")


def _duration(share: float, by: str, legend: str, what: str) -> Panel:
    name = f"p{share * 100:g}"
    queries = (
        Query(promql.quantile(share, _BUCKETS, *_CHOSEN, by=by), legend, exemplars=True),
        Query(objectives.threshold(), f"{OBJECTIVE} {{{{service}}}}"),
    )
    about = f"{name} of the time to answer. {_DOTS} Dashed: the objective's threshold."
    return Panel(f"{name} by {what}", about, queries, unit="s")


_RATE = Row(
    "Rate",
    (
        _requests("service, version", _BY_VERSION, "version"),
        _requests("service, route", _BY_ROUTE, "route"),
        _requests("service, code", "{{service}} {{code}}", "status"),
    ),
)

_ERRORS = Row(
    "Errors",
    (
        _errors(
            "service, version",
            _BY_VERSION,
            "version",
            Query(objectives.allowed("availability"), f"{OBJECTIVE} {{{{service}}}}"),
        ),
        _errors("service, route", _BY_ROUTE, "route"),
        Panel(
            "Requests being answered",
            "How many requests the pods have under way; it grows when something behind them is slow.",
            (Query(f"sum by (service, version) ({promql.selected(_IN_PROGRESS, *_PODS)})", _BY_VERSION),),
        ),
    ),
)

_DURATION = Row(
    "Duration",
    (
        _duration(0.5, "service, version", _BY_VERSION, "version"),
        _duration(0.95, "service, version", _BY_VERSION, "version"),
        _duration(0.99, "service, version", _BY_VERSION, "version"),
        _duration(0.95, "service, route", _BY_ROUTE, "route"),
        Heatmap(
            "How long requests took",
            f"Requests a second by the time they took. {_DOTS}",
            (Query(promql.rate(_BUCKETS, *_CHOSEN, by="le"), "{{le}}", exemplars=True),),
            unit="s",
            width=16,
        ),
    ),
)

_CALLS, _CALLED = "traces_span_metrics_calls_total", "traces_span_metrics_duration_seconds_bucket"
_CLIENT = (
    'namespace="$namespace"',
    'service_name=~"$service"',
    'service_version=~"$version"',
    'span_kind="SPAN_KIND_CLIENT"',
)
_EDGE, _BY_EDGE = "service_name, span_name", "{{service_name}}: {{span_name}}"
_OF_SPANS = "From the spans of the services, all of them, also of traces that are not kept."
_EDGES = Row(
    "What it calls",
    (
        Panel(
            "Calls",
            f"Calls a second to other services and to the database. {_OF_SPANS}",
            (Query(promql.rate(_CALLS, *_CLIENT, by=_EDGE), _BY_EDGE),),
            unit="reqps",
        ),
        Panel(
            "Failed calls",
            f"Share of calls that failed. {_OF_SPANS}",
            (Query(promql.share(_CALLS, *_CLIENT, bad='status_code="STATUS_CODE_ERROR"', by=_EDGE), _BY_EDGE),),
            unit="percentunit",
        ),
        Panel(
            "p95 of calls",
            f"p95 of the time until a call was answered. {_DOTS} {_OF_SPANS}",
            (Query(promql.quantile(0.95, _CALLED, *_CLIENT, by=_EDGE), _BY_EDGE, exemplars=True),),
            unit="s",
        ),
    ),
)

_SERIES = promql.selected(_REQUESTS, 'namespace="$namespace"')
DASHBOARD = Dashboard(
    "service",
    "Service",
    "Rate, errors and duration of the services by version and route, as their pods count them.",
    (
        Variable("namespace", _REQUESTS, "namespace", default="shop"),
        Variable("service", _SERIES, "service"),
        Variable("version", promql.selected(_REQUESTS, *_PODS[:2]), "version"),
        Variable("route", promql.selected(_REQUESTS, *_PODS[:2], USERS), "route"),
    ),
    (_RATE, _ERRORS, _DURATION, _EDGES),
)
