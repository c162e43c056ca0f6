"""Panels: how the answers to queries are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import Any

from monitoring.dashboards.query import PROMETHEUS, Json, Query

# The one who is new is orange and the one who stays is blue, on every panel; objectives are dashed.
OBJECTIVE = "objective"
_COLOURS = {"canary": "orange", "preview": "orange", "stable": "blue"}


@dataclass(frozen=True)
class Panel:
    """One picture with its heading; the default is lines over time.

    Attributes:
        title: what is seen.
        about: how to read it, and where it comes from.
        queries: what is asked.
        unit: Grafana's name of the unit.
        width: columns of 24.
        height: rows of the grid.
        stacked: whether lines stand on each other.
        most: the largest value of the axis, None for whatever the data have.
    """

    title: str
    about: str
    queries: tuple[Query, ...]
    unit: str = "none"
    width: int = 8
    height: int = 8
    stacked: bool = False
    most: float | None = None

    kind = "timeseries"
    instant = False

    def as_json(self) -> Json:
        """Return the panel, but for its id and place."""
        targets = [
            each.as_json(ref, instant=self.instant) for ref, each in zip(ascii_uppercase, self.queries, strict=False)
        ]
        return {
            "type": self.kind,
            "title": self.title,
            "description": self.about,
            "datasource": PROMETHEUS,
            "targets": targets,
            "fieldConfig": {"defaults": self.defaults(), "overrides": self.overrides()},
            "options": self.options(),
        }

    def defaults(self) -> Json:
        """Return how a field is drawn."""
        style: Json = {
            "lineWidth": 2,
            "fillOpacity": 40 if self.stacked else 8,
            "showPoints": "never",
            "spanNulls": False,
        }
        style["stacking"] = {"mode": "normal" if self.stacked else "none", "group": "A"}
        limits: Json = {"min": 0} | ({} if self.most is None else {"max": self.most})
        return {"unit": self.unit, **limits, "color": {"mode": "palette-classic"}, "custom": style}

    def overrides(self) -> list[Json]:
        """Return how the fields are drawn that mean the same on every panel."""
        colours = [_override(f"/^{name}$/", color={"mode": "fixed", "fixedColor": c}) for name, c in _COLOURS.items()]
        dashed: Json = {"custom.lineStyle": {"fill": "dash", "dash": [10, 10]}, "custom.fillOpacity": 0}
        dashed |= {"custom.stacking": {"mode": "none", "group": "A"}, "color": {"mode": "fixed", "fixedColor": "red"}}
        return [*colours, _override(f"/^{OBJECTIVE}/", **dashed)]

    def options(self) -> Json:
        """Return what stands around the drawing."""
        legend = {"displayMode": "table", "placement": "bottom", "showLegend": True, "calcs": ["lastNotNull", "max"]}
        return {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}


@dataclass(frozen=True)
class Stat(Panel):
    """The latest value in large figures."""

    width: int = 6
    height: int = 4

    kind = "stat"

    def defaults(self) -> Json:
        """Return how a field is drawn: without a judgement in its colour."""
        return {"unit": self.unit, "color": {"mode": "fixed", "fixedColor": "text"}}

    def overrides(self) -> list[Json]:
        """Return none: there is one field."""
        return []

    def options(self) -> Json:
        """Return what stands around the figures."""
        last: Json = {"calcs": ["lastNotNull"], "fields": "", "values": False}
        style: Json = {"colorMode": "value", "graphMode": "area", "textMode": "auto", "justifyMode": "auto"}
        style |= {"orientation": "auto", "wideLayout": True}
        return {"reduceOptions": last, **style, "showPercentChange": False, "percentChangeColorMode": "standard"}


@dataclass(frozen=True)
class Heatmap(Panel):
    """How many observations fell into each bucket of a histogram, over time."""

    kind = "heatmap"

    def as_json(self) -> Json:
        """Return the panel, but for its id and place."""
        drawn = super().as_json()
        return {**drawn, "targets": [{**each, "format": "heatmap"} for each in drawn["targets"]]}

    def defaults(self) -> Json:
        """Return nothing: colours and axes are options of the panel."""
        return {}

    def overrides(self) -> list[Json]:
        """Return none: the buckets are one field."""
        return []

    def options(self) -> Json:
        """Return the axis, the colours and what is shown under the pointer."""
        colours = {
            "mode": "scheme",
            "scheme": "Blues",
            "steps": 64,
            "exponent": 0.5,
            "fill": "dark-blue",
            "reverse": False,
        }
        return {
            "calculate": False,
            "yAxis": {"unit": self.unit, "axisPlacement": "left"},
            "cellValues": {"unit": "reqps"},
            "color": colours,
            "exemplars": {"color": "orange"},
            "filterValues": {"le": 1e-9},
            "rowsFrame": {"layout": "auto"},
            "legend": {"show": True},
            "showValue": "never",
            "tooltip": {"mode": "single", "yHistogram": False, "showColorScale": True},
        }


@dataclass(frozen=True)
class Table(Panel):
    """The latest values as lines of a table.

    Attributes:
        columns: names of the columns by label, in order; other labels are left out.
    """

    columns: Mapping[str, str] = field(default_factory=dict)

    kind = "table"
    instant = True

    def as_json(self) -> Json:
        """Return the panel, but for its id and place."""
        order = {name: place for place, name in enumerate(self.columns)}
        only = {"id": "filterFieldsByName", "options": {"include": {"names": list(self.columns)}}}
        named = {"id": "organize", "options": {"indexByName": order, "renameByName": dict(self.columns)}}
        return {**super().as_json(), "transformations": [only, named]}

    def defaults(self) -> Json:
        """Return how a cell is drawn."""
        return {"unit": self.unit, "custom": {"align": "auto", "inspect": False}}

    def overrides(self) -> list[Json]:
        """Return none: cells are plain."""
        return []

    def options(self) -> Json:
        """Return what stands around the cells."""
        return {"showHeader": True, "cellHeight": "sm", "frameIndex": 0}


def _override(pattern: str, **properties: Any) -> Json:
    values = [{"id": name, "value": value} for name, value in properties.items()]
    return {"matcher": {"id": "byRegexp", "options": pattern}, "properties": values}
