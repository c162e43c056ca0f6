"""The two indicators of a service, in PromQL: which requests count, and which of them are bad."""

from __future__ import annotations

from dataclasses import dataclass

from delivery.slo import Slo

BY = "sum by (namespace, service)"


@dataclass(frozen=True)
class Indicator:
    """One share of bad requests.

    Attributes:
        service: whose.
        slo: availability or latency.
        budget: share of requests that may be bad.
        all: name of the recorded rate of the requests that count.
        bad: name of the recorded rate of the bad ones.
        count: expression of the former.
        fault: expression of the latter.
        per: name of the ratio, without its window.
        said: what bad requests did, for people.
    """

    service: str
    slo: str
    budget: float
    all: str
    bad: str
    count: str
    fault: str
    per: str
    said: str

    @property
    def chosen(self) -> str:
        """Return the selector of the service."""
        return f'{{service="{self.service}"}}'

    def ratio(self, window: str) -> str:
        """Return the name of the recorded ratio over a window."""
        return f"service:{self.per}:ratio_rate{window}"

    def ratio_expr(self, window: str) -> str:
        """Return the share of bad requests over a window; none where there were no requests."""
        bad, counted = (f"sum_over_time({name}{self.chosen}[{window}])" for name in (self.bad, self.all))
        return f"{bad} / ({counted} > 0)"


def indicators(slo: Slo) -> list[Indicator]:
    """Return how availability and latency of a service are measured."""
    return [_availability(slo), _latency(slo)]


def _availability(slo: Slo) -> Indicator:
    counter = f'gateway:%s:total{{service="{slo.service}"}}[1m]'
    return Indicator(
        service=slo.service,
        slo="availability",
        budget=slo.error_budget,
        all="service:requests:rate1m",
        bad="service:errors:rate1m",
        count=f"{BY} (rate({counter % 'requests'}))",
        fault=f"{BY} (rate({counter % 'errors'}))",
        per="errors_per_requests",
        said="failed",
    )


def _latency(slo: Slo) -> Indicator:
    threshold = slo.objectives.latency.threshold_seconds
    bucket = f'rate(gateway:duration_seconds:bucket{{service="{slo.service}",le="%s"}}[1m])'
    timed = "service:timed_requests:rate1m"
    fast = f"{BY} ({bucket % f'{threshold:g}'})"
    return Indicator(
        service=slo.service,
        slo="latency",
        budget=slo.slow_budget,
        all=timed,
        bad="service:slow_requests:rate1m",
        count=f"{BY} ({bucket % '+Inf'})",
        fault=f'clamp_min({timed}{{service="{slo.service}"}} - {fast}, 0)',
        per="slow_per_requests",
        said=f"took more than {threshold:g} s",
    )
