"""Every field of every dashboard is one that Grafana's own types have: read by them and written again, none is lost."""

import copy
import json

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from tests.dashboards.questions import DASHBOARDS

register_default_plugins()


def read_again(dashboard):
    return json.loads(JSONEncoder().encode(Dashboard.from_json(copy.deepcopy(dashboard))))


def lost(wanted, found, place=""):
    """Return the places of what is in `wanted` and not in `found`."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name, value in wanted.items():
            yield from lost(value, found.get(name), f"{place}.{name}")
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for number, pair in enumerate(zip(wanted, found, strict=True)):
            yield from lost(*pair, f"{place}[{number}]")
    elif wanted != found:
        yield place


@pytest.mark.parametrize("name", DASHBOARDS)
def test_grafana_s_types_know_every_field(name):
    assert list(lost(DASHBOARDS[name], read_again(DASHBOARDS[name]))) == []


def panel(dashboard):
    return next(each for each in dashboard["panels"] if each["type"] == "timeseries")


@pytest.mark.parametrize(
    ("damage", "place"),
    [
        (lambda d: d.update(graphTooltips=1), ".graphTooltips"),
        (lambda d: panel(d)["fieldConfig"]["defaults"]["custom"].update(linewidth=2), ".linewidth"),
        (lambda d: panel(d)["options"].update(legends={}), ".legends"),
        (lambda d: panel(d)["targets"][0].update(exemplars=True), ".exemplars"),
        (lambda d: d["templating"]["list"][0].update(includeEverything=True), ".includeEverything"),
    ],
)
def test_a_field_that_grafana_does_not_know_is_found(damage, place):
    dashboard = copy.deepcopy(DASHBOARDS["release"])
    damage(dashboard)
    assert place in " ".join(lost(dashboard, read_again(dashboard)))
