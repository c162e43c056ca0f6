"""Where the data come from, and one question to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

PROMETHEUS: Json = {"type": "prometheus", "uid": "prometheus"}
# Grafana's own: where annotations are kept.
GRAFANA: Json = {"type": "grafana", "uid": "-- Grafana --"}
# The gateway is read and the rules of releases are evaluated every second; Grafana would ask in wider steps.
EVERY_SECOND = "1s"


@dataclass(frozen=True)
class Query:
    """One question to Prometheus.

    Attributes:
        expr: PromQL, with Grafana's variables in it.
        legend: name of each series, with labels as ``{{label}}``.
        exemplars: whether the traces behind the points are drawn too.
        step: the least distance of two points; empty for the data source's.
    """

    expr: str
    legend: str
    exemplars: bool = False
    step: str = ""

    def as_json(self, ref: str, *, instant: bool) -> Json:
        """Return a target of a panel."""
        target: Json = {"refId": ref, "datasource": PROMETHEUS, "editorMode": "code", "expr": self.expr}
        target |= {"legendFormat": self.legend, "range": not instant, "instant": instant, "exemplar": self.exemplars}
        return {**target, **({"interval": self.step} if self.step else {}), **({"format": "table"} if instant else {})}
