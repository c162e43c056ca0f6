"""The objectives of the services: what is left of the error budgets, how fast they burn, and the alerts about it."""

from __future__ import annotations

from monitoring.dashboards import objectives, promql
from monitoring.dashboards.dashboard import Dashboard, Row
from monitoring.dashboards.panels import OBJECTIVE, Panel, Stat, Table
from monitoring.dashboards.query import Query
from monitoring.dashboards.variables import Variable

_REMAINING = "service:error_budget:remaining_ratio30d"
_OBSERVED = "service:error_budget:observed_seconds30d"
# Of each objective: what is bad, the ratios that are recorded of it, and a word for it.
_RATIOS = {"availability": "service:errors_per_requests:ratio_rate", "latency": "service:slow_per_requests:ratio_rate"}
_BAD = {"availability": "failed", "latency": "were slower than the objective's threshold"}
# Alerts compare a long window, which says that it matters, with a short one, which says that it goes on.
_WINDOWS = ("5m", "1h", "6h", "3d")
_CHOSEN = ('namespace="$namespace"', 'service=~"$service"')


def _remaining(slo: str) -> Stat:
    query = Query(promql.selected(_REMAINING, *_CHOSEN, promql.equals("slo", slo)), "{{service}}")
    about = (
        "Share of the error budget that is not yet spent; below 0 the objective is missed. As far back as data reach."
    )
    return Stat(f"Budget left: {slo}", about, (query,), unit="percentunit")


def _bad(slo: str) -> Panel:
    ratios = [
        Query(promql.selected(_RATIOS[slo] + window, *_CHOSEN), f"{{{{service}}}} {window}") for window in _WINDOWS
    ]
    allowed = Query(objectives.allowed(slo), f"{OBJECTIVE} {{{{service}}}}")
    about = f"Share of requests that {_BAD[slo]}, over several windows. Dashed: what the objective allows."
    return Panel(f"Bad requests: {slo}", about, (*ratios, allowed), unit="percentunit", width=12)


def _burn(slo: str) -> Panel:
    about = "How many times faster than the objective allows the budget is spent: at 1 it lasts for exactly its period."
    allowed = f"/ on (service) group_left () ({objectives.allowed(slo)})"
    rates = [
        Query(f"{promql.selected(_RATIOS[slo] + window, *_CHOSEN)} {allowed}", f"{{{{service}}}} {window}")
        for window in _WINDOWS
    ]
    return Panel(f"Burn rate: {slo}", about, tuple(rates), width=12)


_COLUMNS = {
    "alertname": "Alert",
    "alertstate": "State",
    "severity": "Severity",
    "service": "Service",
    "window": "Window",
}
_FIRING = promql.equals("alertstate", "firing")
_ALERTS = Row(
    "Alerts",
    (
        Table(
            "Pending and firing",
            "The alerts about the chosen services as Prometheus has them now; docs/runbooks.md says what to do.",
            (Query(promql.selected("ALERTS", *_CHOSEN), ""),),
            width=12,
            columns=_COLUMNS,
        ),
        Panel(
            "Alerts over time",
            "How many alerts were pending or firing.",
            (
                Query(
                    f"count by (alertname, service, alertstate) ({promql.selected('ALERTS', *_CHOSEN)})",
                    "{{alertname}} {{service}} {{alertstate}}",
                ),
            ),
            width=12,
            stacked=True,
        ),
    ),
)

_NOW = Row(
    "Now",
    (
        _remaining("availability"),
        _remaining("latency"),
        Stat(
            "Budget counted over",
            "For how long requests have been counted, of the period that the budget is for.",
            (Query(promql.selected(_OBSERVED, *_CHOSEN), "{{service}}"),),
            unit="s",
        ),
        Stat(
            "Alerts firing",
            "How many alerts about the chosen services fire; no data means none.",
            (Query(f"count ({promql.selected('ALERTS', *_CHOSEN, _FIRING)})", "firing"),),
        ),
    ),
)

DASHBOARD = Dashboard(
    "slo",
    "SLO and error budget",
    "What is left of the error budgets, how fast they are spent, and the alerts.",
    (
        Variable("namespace", _REMAINING, "namespace", default="shop"),
        Variable("service", promql.selected(_REMAINING, 'namespace="$namespace"'), "service"),
    ),
    (
        _NOW,
        Row("Availability", (_bad("availability"), _burn("availability"))),
        Row("Latency", (_bad("latency"), _burn("latency"))),
        _ALERTS,
    ),
    since="now-6h",
)
