"""What the dashboards ask, taken from the JSON that Grafana reads, and put as Grafana would put it."""

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "observability/grafana/dashboards"
FILES = sorted(FOLDER.glob("*.json"))
DASHBOARDS = {path.stem: json.loads(path.read_text()) for path in FILES}
# Grafana makes it at least four scrapes long.
INTERVAL = "4s"
ALL = ".*"
_LABEL_VALUES = re.compile(r"label_values\((?P<source>.+), (?P<label>\w+)\)")


@dataclass(frozen=True)
class Question:
    """One query and where it stands."""

    dashboard: str
    place: str
    expr: str
    instant: bool = False
    exemplars: bool = False

    def __str__(self):
        return f"{self.dashboard}: {self.place}"

    @property
    def has_choice(self):
        """Whether it depends on what is chosen above the dashboard."""
        return "$" in self.expr.replace("$__rate_interval", "")

    def put(self, chosen):
        """Return the query with the variables filled in."""
        expr = self.expr.replace("$__rate_interval", INTERVAL)
        for name, value in chosen.items():
            expr = expr.replace(f"${name}", value)
        assert "$" not in expr, f"{self}: a variable of {expr} is unknown"
        return expr


def of_panels(name, dashboard):
    """Return the queries of a dashboard's panels."""
    return [
        Question(name, f"{panel['title']}, {target['refId']}", target["expr"], target["instant"], target["exemplar"])
        for panel in dashboard["panels"]
        for target in panel.get("targets", [])
    ]


def of_variables(name, dashboard):
    """Return what fills a dashboard's variables, as the series whose label is offered."""
    found = []
    for variable in dashboard["templating"]["list"]:
        match = _LABEL_VALUES.fullmatch(variable["query"]["query"])
        expr = f"{match['source']}"
        found.append((Question(name, f"variable {variable['name']}", expr), match["label"], variable["regex"]))
    return found


def drawn(prometheus, question, chosen):
    """Return the series that a question draws: those with a number."""
    ask = prometheus.instant if question.instant else prometheus.range
    return [each for each in ask(question.put(chosen)) if any(map(math.isfinite, _values(each)))]


def _values(series):
    points = series["values"] if "values" in series else [series["value"]]
    return [float(value) for _time, value in points]


def offered(prometheus, question, label, only, chosen):
    """Return what a variable offers."""
    values = prometheus.ask(f"/api/v1/label/{label}/values", **{"match[]": question.put(chosen)})
    # JavaScript writes it between slashes.
    return [value for value in values if re.search(only.strip("/"), value)]
