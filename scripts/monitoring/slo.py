"""From the objectives of each service to Prometheus' rules: indicators, error budgets and the alerts on them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from delivery.slo import Slo, load_slo
from monitoring.alerts import burn_alerts
from monitoring.burn_rates import Policy, load_policy
from monitoring.errors import MonitoringError
from monitoring.indicators import Indicator, indicators
from monitoring.text import as_yaml

Rule = dict[str, Any]

OBJECTIVES = Path("observability") / "slo"
TARGET = "observability/prometheus/rules/slo.yaml"
HEADER = """\
# Written by `python -m monitoring write` from observability/slo: change that, not this.
#
# Of each service with objectives, in one group and so in this order: rates of good and bad requests at the gateway;
# what is left of the error budgets; the shares of bad requests over each window, added up from the rates, so that every
# request counts alike; and the alerts. A window reaches back as far as Prometheus keeps data, and no further:
# service:error_budget:observed_seconds* says how far.
"""
# Istio's bounds that a threshold can be, in seconds. The embedded cluster's gateway has them all, and more.
BOUNDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


def generate(root: Path) -> Mapping[str, str]:
    """Return the rules of every service that has objectives, by the path of their file.

    Raises:
        DeliveryError: something is wrong with the objectives.
        MonitoringError: something is wrong with the burn rates, or no gateway can measure a threshold.
    """
    policy = load_policy(root)
    groups = [group(slo, policy) for slo in objectives(root)]
    return {TARGET: HEADER + as_yaml({"groups": groups})}


def objectives(root: Path) -> list[Slo]:
    """Read the objectives of every service, in the order of their names."""
    folder = root / OBJECTIVES
    return [load_slo(path.stem, folder) for path in sorted(folder.glob("*.yaml"))]


def group(slo: Slo, policy: Policy) -> Rule:
    """Return the rules of one service: what is recorded first is used by what follows."""
    _check_threshold(slo)
    both = indicators(slo)
    rules = [*_rates(both), *_objectives(slo), *_budgets(both, policy)]
    rules += [rule for each in both for rule in _ratios(each, policy)]
    rules += [rule for each in both for rule in burn_alerts(each, policy)]
    for rule in rules:
        # What is recorded bears it already; it tells the rules of one service from those of the next.
        rule["labels"] = {"service": slo.service, **rule.get("labels", {})}
    return {"name": f"slo-{slo.service}", "interval": f"{policy.evaluation_seconds}s", "rules": rules}


def _check_threshold(slo: Slo) -> None:
    # Between two bounds there is no bucket to select, and the alert would be silent for ever.
    threshold = slo.objectives.latency.threshold_seconds
    if threshold not in BOUNDS:
        known = ", ".join(f"{bound:g}" for bound in BOUNDS)
        raise MonitoringError(
            f"{OBJECTIVES}/{slo.service}.yaml: the gateway's histogram has no bound at {threshold:g} s, only at {known}"
        )


def _rates(both: list[Indicator]) -> list[Rule]:
    pairs = [pair for each in both for pair in ((each.all, each.count), (each.bad, each.fault))]
    return [{"record": name, "expr": expr} for name, expr in pairs]


def _objectives(slo: Slo) -> list[Rule]:
    """Return the objectives as series, so that a dashboard need not repeat a number."""
    promised = slo.objectives
    shares = {"availability": promised.availability, "latency": promised.latency.share}
    rules: list[Rule] = [
        {"record": "service:objective:ratio", "expr": f"vector({share:g})", "labels": {"slo": name}}
        for name, share in shares.items()
    ]
    threshold = f"vector({promised.latency.threshold_seconds:g})"
    return [*rules, {"record": "service:latency_threshold:seconds", "expr": threshold}]


def _ratios(each: Indicator, policy: Policy) -> list[Rule]:
    return [{"record": each.ratio(window), "expr": each.ratio_expr(window)} for window in policy.windows]


def _budgets(both: list[Indicator], policy: Policy) -> list[Rule]:
    """Return what is left of each budget (1: all, 0: none, below: overspent), and how much data that rests on."""
    window = f"{policy.budget_days}d"
    rules: list[Rule] = [
        {
            "record": f"service:error_budget:remaining_ratio{window}",
            "expr": f"1 - ({each.ratio_expr(window)}) / {each.budget:g}",
            "labels": {"slo": each.slo},
        }
        for each in both
    ]
    observed = f"count_over_time({both[0].all}{both[0].chosen}[{window}]) * {policy.evaluation_seconds}"
    return [*rules, {"record": f"service:error_budget:observed_seconds{window}", "expr": observed}]
