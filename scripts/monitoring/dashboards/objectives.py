"""What observability/slo promises, as Prometheus records it: thresholds are drawn from there and never written here."""

from __future__ import annotations

from monitoring.dashboards import promql

_OBJECTIVE = "service:objective:ratio"
_THRESHOLD = "service:latency_threshold:seconds"
# The objectives of a service are the same in every namespace.
_SERVICE = 'service=~"$service"'


def allowed(slo: str) -> str:
    """Return the share of requests that may be bad by an objective."""
    return f"1 - {promql.selected(_OBJECTIVE, _SERVICE, promql.equals('slo', slo))}"


def threshold() -> str:
    """Return the time within which the latency objective wants its share of requests, in seconds."""
    return promql.selected(_THRESHOLD, _SERVICE)
