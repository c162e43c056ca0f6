"""The alerts on one indicator: one for each pair of windows in which its budget can burn that fast."""

from __future__ import annotations

from typing import Any

from monitoring.burn_rates import BurnRate, Policy
from monitoring.indicators import Indicator

RUNBOOK = "docs/runbooks.md#{}"
SPEED = {"page": "Fast", "ticket": "Slow"}
# Prometheus fills these in when the alert fires.
SERVICE, NAMESPACE, VALUE = "{{ $labels.service }}", "{{ $labels.namespace }}", "{{ $value | humanizePercentage }}"


def burn_alerts(each: Indicator, policy: Policy) -> list[dict[str, Any]]:
    """Return the alerts; a burn rate at which more than every request would have to be bad is left out."""
    return [_alert(each, rate, policy) for rate in policy.burn_rates if rate.factor * each.budget < 1]


def _alert(each: Indicator, rate: BurnRate, policy: Policy) -> dict[str, Any]:
    name = f"{each.slo.capitalize()}Burns{SPEED[rate.severity]}"
    return {
        "alert": name,
        "expr": _expression(each, rate, policy),
        "labels": {"severity": rate.severity, "slo": each.slo, "window": rate.long},
        "annotations": {
            "summary": f"at this rate {policy.budget_days} days' error budget of {SERVICE} ({each.slo}) lasts "
            f"{policy.budget_days / rate.factor:.3g} days",
            "description": f"{VALUE} of the requests for {SERVICE} in {NAMESPACE} {each.said} within {rate.long}, and "
            f"it has not ended; {_percent(each.budget)} may.",
            "runbook": RUNBOOK.format(name.lower()),
        },
    }


def _expression(each: Indicator, rate: BurnRate, policy: Policy) -> str:
    """Both windows burn too fast, and it was more than a few requests; the value is that of the long window."""
    windows = [
        f"{each.ratio(window)}{each.chosen} > {rate.factor:g} * {each.budget:g}" for window in (rate.long, rate.short)
    ]
    bad = f"sum_over_time({each.bad}{each.chosen}[{rate.long}]) * {policy.evaluation_seconds}"
    return "\nand ".join([*windows, f"{bad} >= {policy.least_bad_requests}"]) + "\n"


def _percent(share: float) -> str:
    return f"{share * 100:.6g} %"
