"""What a dashboard must keep to: each rule returns the breaches that it finds in its JSON."""

from itertools import combinations

from tests.dashboards.names import known
from tests.dashboards.questions import of_panels, of_variables
from tests.dashboards.selectors import selectors

COLUMNS = 24
UNITS = {"percentunit", "reqps", "ops", "cps", "Bps", "bytes", "s", "ms", "none"}
DRAWN = {"timeseries", "stat", "heatmap", "table"}
# Grafana's own needs no provisioning.
GRAFANA = "-- Grafana --"
# Of the whole mesh; and of a service, wherever it runs.
MESH_WIDE = ("pilot_", "citadel_")
EVERYWHERE = ("service:objective:", "service:latency_threshold:")


def panels(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def it_can_be_found(name, dashboard):
    if dashboard.get("uid") != f"proving-ground-{name}":
        yield f"uid {dashboard.get('uid')} is not that of file {name}"
    if "proving-ground" not in dashboard["tags"]:
        yield "the links to the other dashboards do not find it"
    if not dashboard["title"] or not dashboard["description"]:
        yield "nothing says what it is for"


def ids_are_unique(_name, dashboard):
    ids = [panel["id"] for panel in dashboard["panels"]]
    titles = [panel["title"] for panel in panels(dashboard)]
    yield from (f"id {each} is given twice" for each in {each for each in ids if ids.count(each) > 1})
    yield from (f"title {each} is given twice" for each in {each for each in titles if titles.count(each) > 1})


def panels_explain_themselves(_name, dashboard):
    for panel in dashboard["panels"]:
        if not panel["title"].strip():
            yield f"panel {panel['id']} has no title"
    for panel in panels(dashboard):
        if len(panel.get("description", "")) < len("A sentence."):
            yield f"{panel['title']} has no description"
        for target in panel.get("targets", []):
            if panel["type"] == "timeseries" and not target["legendFormat"]:
                yield f"{panel['title']} has lines without a name"


def units_are_known(_name, dashboard):
    for panel in panels(dashboard):
        unit = panel.get("options", {}).get("yAxis", panel.get("fieldConfig", {}).get("defaults", {})).get("unit")
        if panel["type"] in DRAWN - {"table"} and unit not in UNITS:
            yield f"{panel['title']} has unit {unit}"


def panels_have_a_place(_name, dashboard):
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        if place["x"] < 0 or place["x"] + place["w"] > COLUMNS or place["h"] < 1:
            yield f"{panel['title']} is not on the grid"
    for one, other in combinations(dashboard["panels"], 2):
        if _overlap(one["gridPos"], other["gridPos"]):
            yield f"{one['title']} lies on {other['title']}"


def _overlap(one, other):
    return all(
        one[start] < other[start] + other[size] and other[start] < one[start] + one[size]
        for start, size in (("x", "w"), ("y", "h"))
    )


def sources_are_provisioned(_name, dashboard, provisioned=frozenset({"prometheus"})):
    asked = [*dashboard["templating"]["list"], *dashboard["annotations"]["list"]]
    for panel in panels(dashboard):
        asked += [panel, *panel.get("targets", [])]
    for each in asked:
        uid = each.get("datasource", {"uid": GRAFANA})["uid"]
        if uid not in {*provisioned, GRAFANA}:
            yield f"{each.get('title') or each.get('name') or each.get('refId')} asks {uid}, which is nowhere"


def drawn_panels_ask(_name, dashboard):
    for panel in panels(dashboard):
        if panel["type"] in DRAWN and not panel["targets"]:
            yield f"{panel['title']} asks nothing"


def metrics_exist(name, dashboard):
    names = known()
    for question in _questions(name, dashboard):
        for selector in selectors(question.expr):
            if selector.name not in names:
                yield f"{question}: nobody gives {selector.name}"


def queries_heed_what_is_chosen(name, dashboard):
    choices = [f'"${variable["name"]}"' for variable in dashboard["templating"]["list"]][:2]
    for question in of_panels(name, dashboard):
        for selector in selectors(question.expr):
            if missing := [each for each in _wanted(selector.name, choices) if each not in selector.filters]:
                yield f"{question}: {selector.name} is not filtered by {' and '.join(missing)}"


def _wanted(metric, choices):
    if metric.startswith(MESH_WIDE):
        return []
    return choices[1:] if metric.startswith(EVERYWHERE) else choices


def variables_narrow_each_other(name, dashboard):
    for place, (question, _label, _only) in enumerate(of_variables(name, dashboard)):
        if place and '"$namespace"' not in question.expr:
            yield f"{question} offers what is in other namespaces"


def objectives_are_not_written_down(_name, dashboard):
    for panel in panels(dashboard):
        if len(panel.get("fieldConfig", {}).get("defaults", {}).get("thresholds", {}).get("steps", [])) > 1:
            yield f"{panel['title']} has a threshold of its own: those in observability/slo are recorded"


def _questions(name, dashboard):
    return [*of_panels(name, dashboard), *(question for question, _label, _only in of_variables(name, dashboard))]


RULES = [
    drawn_panels_ask,
    ids_are_unique,
    it_can_be_found,
    metrics_exist,
    objectives_are_not_written_down,
    panels_explain_themselves,
    panels_have_a_place,
    queries_heed_what_is_chosen,
    sources_are_provisioned,
    units_are_known,
    variables_narrow_each_other,
]
