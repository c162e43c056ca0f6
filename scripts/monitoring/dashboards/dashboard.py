"""A dashboard: rows of panels, laid out from left to right, with its variables and the notes of the drills."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from monitoring.dashboards import notes
from monitoring.dashboards.panels import Panel
from monitoring.dashboards.query import Json
from monitoring.dashboards.variables import Variable

COLUMNS = 24
# The form of JSON that is written here; Grafana brings older ones up to date as it loads them.
_SCHEMA = 41
_SHARED_CROSSHAIR = 1


@dataclass(frozen=True)
class Row:
    """A heading with panels below it."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Dashboard:
    """A page of Grafana.

    Attributes:
        name: name of its file and part of its address.
        title: its heading.
        about: what it is for.
        variables: what can be chosen.
        rows: what is seen, from top to bottom.
        since: the time range at first, as Grafana writes it.
        refresh: how often it is asked anew.
    """

    name: str
    title: str
    about: str
    variables: tuple[Variable, ...]
    rows: tuple[Row, ...]
    since: str = "now-1h"
    refresh: str = "10s"

    @property
    def uid(self) -> str:
        """Return the address of the dashboard, the same on every cluster."""
        return f"{notes.TAG}-{self.name}"

    def as_json(self) -> Json:
        """Return the dashboard as Grafana reads it."""
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.about,
            "tags": [notes.TAG],
            "schemaVersion": _SCHEMA,
            "editable": False,
            "graphTooltip": _SHARED_CROSSHAIR,
            "timezone": "browser",
            "time": {"from": self.since, "to": "now"},
            "refresh": self.refresh,
            "links": [_LINK],
            "templating": {"list": [each.as_json() for each in self.variables]},
            "annotations": {"list": notes.queries()},
            "panels": list(_placed(self.rows)),
        }


# To the other dashboards, with what was chosen here.
_LINK: Json = {
    "type": "dashboards",
    "title": "Proving Ground",
    "tags": [notes.TAG],
    "icon": "external link",
    "tooltip": "",
    "asDropdown": False,
    "targetBlank": False,
    "includeVars": True,
    "keepTime": True,
}


def _placed(rows: tuple[Row, ...]) -> Iterator[Json]:
    number, top = 0, 0
    for row in rows:
        number += 1
        heading = {"x": 0, "y": top, "w": COLUMNS, "h": 1}
        yield {"id": number, "type": "row", "title": row.title, "collapsed": False, "gridPos": heading, "panels": []}
        top += 1
        left = tallest = 0
        for panel in row.panels:
            if left + panel.width > COLUMNS:
                top, left, tallest = top + tallest, 0, 0
            number += 1
            place = {"x": left, "y": top, "w": panel.width, "h": panel.height}
            yield {"id": number, **panel.as_json(), "gridPos": place}
            left, tallest = left + panel.width, max(tallest, panel.height)
        top += tallest
