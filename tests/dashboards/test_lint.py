"""Every dashboard keeps to every rule, and every rule finds its breach."""

import copy

import pytest
from tests.dashboards import lint
from tests.dashboards.questions import DASHBOARDS
from tests.dashboards.selectors import Selector, selectors


@pytest.mark.parametrize("rule", lint.RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("name", DASHBOARDS)
def test_the_dashboard_keeps_to_it(name, rule):
    assert list(rule(name, DASHBOARDS[name])) == []


def panel(dashboard, place=0):
    return lint.panels(dashboard)[place]


def target(dashboard):
    return panel(dashboard)["targets"][0]


def variable(dashboard):
    return dashboard["templating"]["list"][1]["query"]


def rename(dashboard):
    target(dashboard)["expr"] = target(dashboard)["expr"].replace("gateway:requests:total", "gateway:request:total")


# (rule, how it is broken, words of the complaint)
BREACHES = {
    "another uid": (lint.it_can_be_found, lambda d: d.update(uid="release"), "not that of file release"),
    "no tag": (lint.it_can_be_found, lambda d: d.update(tags=[]), "do not find it"),
    "no purpose": (lint.it_can_be_found, lambda d: d.update(description=""), "what it is for"),
    "an id twice": (lint.ids_are_unique, lambda d: panel(d).update(id=1), "id 1 is given twice"),
    "a title twice": (lint.ids_are_unique, lambda d: panel(d).update(title="Requests"), "title Requests"),
    "no title": (lint.panels_explain_themselves, lambda d: panel(d).update(title=" "), "no title"),
    "no title of a row": (lint.panels_explain_themselves, lambda d: d["panels"][0].update(title=""), "no title"),
    "no description": (lint.panels_explain_themselves, lambda d: panel(d).pop("description"), "no description"),
    "no legend": (
        lint.panels_explain_themselves,
        lambda d: panel(d, 5)["targets"][0].update(legendFormat=""),
        "lines without a name",
    ),
    "no unit": (lint.units_are_known, lambda d: panel(d)["fieldConfig"]["defaults"].pop("unit"), "has unit None"),
    "an invented unit": (
        lint.units_are_known,
        lambda d: panel(d)["fieldConfig"]["defaults"].update(unit="percents"),
        "has unit percents",
    ),
    "off the grid": (lint.panels_have_a_place, lambda d: panel(d)["gridPos"].update(w=25), "not on the grid"),
    "one on another": (lint.panels_have_a_place, lambda d: panel(d)["gridPos"].update(x=5), "lies on Requests"),
    "one below another": (lint.panels_have_a_place, lambda d: panel(d)["gridPos"].update(h=6), "lies on"),
    "a source of a panel": (
        lint.sources_are_provisioned,
        lambda d: target(d).update(datasource={"uid": "influx"}),
        "asks influx",
    ),
    "a source of a variable": (
        lint.sources_are_provisioned,
        lambda d: d["templating"]["list"][0].update(datasource={"uid": "influx"}),
        "namespace asks influx",
    ),
    "no query": (lint.drawn_panels_ask, lambda d: panel(d).update(targets=[]), "asks nothing"),
    "a renamed metric": (lint.metrics_exist, rename, "nobody gives gateway:request:total"),
    "a metric without filters": (
        lint.metrics_exist,
        lambda d: target(d).update(expr="sum by (track) (rate(requests[1m]))"),
        "nobody gives requests",
    ),
    "a renamed metric of a variable": (
        lint.metrics_exist,
        lambda d: variable(d).update(query='label_values(requests{namespace="$namespace"}, service)'),
        "nobody gives requests",
    ),
    "every service": (
        lint.queries_heed_what_is_chosen,
        lambda d: target(d).update(expr='sum(rate(gateway:requests:total{namespace="$namespace"}[1m]))'),
        'not filtered by "$service"',
    ),
    "half a query": (
        lint.queries_heed_what_is_chosen,
        lambda d: target(d).update(expr=f"{target(d)['expr']} / sum(gateway:requests:total)"),
        'not filtered by "$namespace" and "$service"',
    ),
    "anybody's objective": (
        lint.queries_heed_what_is_chosen,
        lambda d: target(d).update(expr="service:objective:ratio"),
        'not filtered by "$service"',
    ),
    "every namespace's services": (
        lint.variables_narrow_each_other,
        lambda d: variable(d).update(query="label_values(gateway:requests:total, service)"),
        "other namespaces",
    ),
    "a threshold": (
        lint.objectives_are_not_written_down,
        lambda d: panel(d)["fieldConfig"]["defaults"].update(thresholds={"steps": [{"value": None}, {"value": 0.01}]}),
        "threshold of its own",
    ),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_it_finds_its_breach(breach):
    rule, damage, words = BREACHES[breach]
    dashboard = copy.deepcopy(DASHBOARDS["release"])
    damage(dashboard)
    assert words in "; ".join(rule("release", dashboard))


def test_every_rule_has_a_breach():
    assert {rule for rule, _damage, _words in BREACHES.values()} == set(lint.RULES)


@pytest.mark.parametrize(
    ("expr", "wanted"),
    [
        ("up", [Selector("up")]),
        ('sum by (a, b) (rate(a:b{c=~"5..",d!="e{"}[5m]))', [Selector("a:b", 'c=~"5..",d!="e{"')]),
        ("count (up) / on (job) group_left () (1 - x{}) or 0 * y", [Selector("x"), Selector("up"), Selector("y")]),
        ("histogram_quantile(0.95, z[$__rate_interval])", [Selector("z")]),
        ('label_replace(up, "a", "b", "c", "d") > 1e9', [Selector("up")]),
    ],
)
def test_selectors_are_found(expr, wanted):
    assert selectors(expr) == wanted
