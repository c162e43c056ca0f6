"""The lists above a dashboard in which a person chooses what it is about."""

from __future__ import annotations

from dataclasses import dataclass

from monitoring.dashboards.query import PROMETHEUS, Json

# Anything, also series that lack the label.
_ANY = ".*"
# When the time range changes: by then another version may run.
_ON_TIME_RANGE = 2
_ALPHABETICALLY = 1


@dataclass(frozen=True)
class Variable:
    """A choice among the values of a label.

    Attributes:
        name: how queries call it.
        source: the series whose label's values are offered.
        label: that label.
        default: what is chosen at first; empty for all, of which several can be chosen.
        only: regular expression, as JavaScript has them, of the values that are offered.
    """

    name: str
    source: str
    label: str
    default: str = ""
    only: str = ""

    def as_json(self) -> Json:
        """Return an entry of the dashboard's templating."""
        query = f"label_values({self.source}, {self.label})"
        several = not self.default
        chosen = {"text": "All", "value": "$__all"} if several else {"text": self.default, "value": self.default}
        return {
            "type": "query",
            "name": self.name,
            "label": self.name.capitalize(),
            "datasource": PROMETHEUS,
            "query": {"query": query, "refId": self.name},
            "regex": self.only,
            "refresh": _ON_TIME_RANGE,
            "sort": _ALPHABETICALLY,
            "multi": several,
            "includeAll": several,
            "current": chosen,
            **({"allValue": _ANY} if several else {}),
        }
