"""What a drill notes down while it goes on: its steps, what was judged, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass

from monitoring.dashboards.panels import Panel
from monitoring.dashboards.query import GRAFANA, Json

TAG = "proving-ground"
# More than a campaign of all drills writes.
_MOST = 200
# A note that several queries find is drawn once, by the first: so the verdicts come before what finds all.
_KINDS = (
    ("Passed", "green", ("verdict:Passed",)),
    ("Failed", "red", ("verdict:Failed",)),
    ("Inconclusive", "orange", ("verdict:Inconclusive",)),
    ("Error", "purple", ("verdict:Error",)),
    ("Steps of the drill", "blue", ()),
)


def queries() -> list[Json]:
    """Return the dashboard's annotation queries, one for each colour."""
    return [
        {
            "name": name,
            "enable": True,
            "iconColor": colour,
            "datasource": GRAFANA,
            "target": {"type": "tags", "tags": [TAG, *tags], "matchAny": False, "limit": _MOST},
        }
        for name, colour, tags in _KINDS
    ]


@dataclass(frozen=True)
class Notes(Panel):
    """The drill's notes as a list; a click leads to their time."""

    kind = "annolist"

    def as_json(self) -> Json:
        """Return the panel, but for its id and place; it asks Grafana itself, by its options."""
        drawn = super().as_json()
        return {name: value for name, value in drawn.items() if name not in ("targets", "fieldConfig", "datasource")}

    def options(self) -> Json:
        """Return which notes are listed, and what of them."""
        shown = {"showTime": True, "showTags": True, "showUser": False}
        where = {"onlyFromThisDashboard": False, "onlyInTimeRange": True, "navigateToPanel": False}
        return {"tags": [TAG], "limit": _MOST, **shown, **where, "navigateBefore": "1m", "navigateAfter": "1m"}
