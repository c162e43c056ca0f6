"""The few shapes of PromQL that the dashboards are made of; the variables in them are Grafana's."""

from __future__ import annotations

INTERVAL = "$__rate_interval"
FAILED = 'code=~"5.."'


def rate(metric: str, *filters: str, by: str = "") -> str:
    """Return how much counters grow by in a second, added up by these labels."""
    return f"{added_up(by)} (rate({selected(metric, *filters)}[{INTERVAL}]))"


def share(metric: str, *filters: str, bad: str, by: str = "") -> str:
    """Return the share of what is bad, 0 where nothing is; nothing where nothing is counted at all."""
    whole = rate(metric, *filters, by=by)
    return f"({rate(metric, *filters, bad, by=by)} or 0 * {whole}) / ({whole} > 0)"


def quantile(share_: float, metric: str, *filters: str, by: str = "") -> str:
    """Return the value that this share of a histogram's observations stays below."""
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({share_:g}, {rate(metric, *filters, by=labels)})"


def selected(metric: str, *filters: str) -> str:
    """Return the selector of a metric's series that pass all filters."""
    return f"{metric}{{{','.join(filters)}}}" if filters else metric


def equals(label: str, value: str) -> str:
    """Return the filter of one value of a label."""
    return f'{label}="{value}"'


def added_up(by: str) -> str:
    """Return the aggregation that keeps these labels."""
    return f"sum by ({by})" if by else "sum"
