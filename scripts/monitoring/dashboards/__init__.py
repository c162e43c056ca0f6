"""Grafana's dashboards, put together from a small vocabulary: one short module for each, JSON for Grafana.

Thresholds are never written here: panels draw what Prometheus records from observability/slo.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from monitoring.dashboards import budget, mesh, release, service, workloads
from monitoring.dashboards.dashboard import Dashboard

FOLDER = "observability/grafana/dashboards"
DASHBOARDS: tuple[Dashboard, ...] = (
    release.DASHBOARD,
    service.DASHBOARD,
    budget.DASHBOARD,
    workloads.DASHBOARD,
    mesh.DASHBOARD,
)


def generate(_root: Path) -> Mapping[str, str]:
    """Return the text of every dashboard, by path below the root; nothing is read from it."""
    return {f"{FOLDER}/{each.name}.json": text_of(each) for each in DASHBOARDS}


def text_of(dashboard: Dashboard) -> str:
    """Return a dashboard as Grafana reads it, in a form that a review can follow."""
    return json.dumps(dashboard.as_json(), indent=2, ensure_ascii=False) + "\n"
