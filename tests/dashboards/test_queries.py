"""Every query of every dashboard is put to a real Prometheus: it draws where it should, and only there."""

from dataclasses import replace

import pytest
from tests.dashboards.questions import ALL, DASHBOARDS, drawn, of_panels, of_variables, offered
from tests.dashboards.selectors import selectors

CHOSEN = {
    "release": {"namespace": "shop", "service": "order"},
    "service": {"namespace": "shop", "service": "order", "version": ALL, "route": ALL},
    "slo": {"namespace": "shop", "service": ALL},
    "kubernetes": {"namespace": "shop", "deployment": ALL},
    "istio": {"namespace": "shop", "workload": ALL},
}
QUESTIONS = [question for name, each in DASHBOARDS.items() for question in of_panels(name, each)]
DEPENDENT = [question for question in QUESTIONS if question.has_choice]
AT_THE_GATEWAY = [each for each in QUESTIONS if each.dashboard == "release" and "gateway:" in each.expr]
VARIABLES = [variable for name, each in DASHBOARDS.items() for variable in of_variables(name, each)]


def test_every_dashboard_is_asked():
    assert set(DASHBOARDS) == set(CHOSEN)
    assert len(QUESTIONS) > len(DASHBOARDS)


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_it_draws_what_is_there(busy, question):
    assert busy.until(lambda: drawn(busy, question, CHOSEN[question.dashboard])), question.expr


@pytest.mark.parametrize("question", DEPENDENT, ids=str)
def test_it_draws_nothing_of_others(busy, question):
    chosen = CHOSEN[question.dashboard]
    assert busy.until(lambda: drawn(busy, question, chosen)), question.expr
    assert drawn(busy, question, dict.fromkeys(chosen, "elsewhere")) == []


@pytest.mark.parametrize("question", [each for each in QUESTIONS if not each.has_choice], ids=str)
def test_it_draws_nothing_where_nothing_is(silent, question):
    assert drawn(silent, question, {}) == []


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda variable: str(variable[0]))
def test_a_variable_offers_what_is_there(busy, silent, variable):
    question, label, only = variable
    chosen = CHOSEN[question.dashboard]
    wanted = chosen[question.place.removeprefix("variable ")]
    values = busy.until(lambda: offered(busy, question, label, only, chosen))
    assert wanted in values if wanted != ALL else values
    assert offered(silent, question, label, only, chosen) == []


def test_a_preview_is_not_offered_as_a_service(busy):
    [variable] = [each for each in VARIABLES if str(each[0]) == "release: variable service"]
    question, _label, only = variable

    class Told:
        def ask(self, *_, **__):
            return ["order", "order-preview", "user"]

    assert offered(Told(), question, "service", only, CHOSEN["release"]) == ["order", "user"]


@pytest.mark.parametrize("question", AT_THE_GATEWAY, ids=str)
def test_a_release_on_the_embedded_cluster_is_drawn_too(busy, question):
    """There Envoy's own counters stand behind the gateway's figures."""
    assert busy.until(lambda: drawn(busy, question, {"namespace": "demo", "service": "order"})), question.expr


def test_a_renamed_metric_is_found(busy):
    """What would go wrong silently: the panel asks for a name that nobody gives any more."""
    for question in QUESTIONS:
        chosen = CHOSEN[question.dashboard]
        assert busy.until(lambda: drawn(busy, question, chosen)), question  # noqa: B023
        metric = selectors(question.expr)[0].name
        renamed = replace(question, expr=question.expr.replace(metric, f"{metric}_renamed"))
        assert drawn(busy, renamed, chosen) == [], question
