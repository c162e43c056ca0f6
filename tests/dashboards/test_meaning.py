"""What the panels say is true: figures that follow from the world are those that are drawn."""

import math
import time

import pytest
import yaml
from tests.dashboards.exposition import TRACE
from tests.dashboards.questions import ALL, DASHBOARDS, FOLDER, drawn, of_panels
from tests.dashboards.test_queries import CHOSEN

from delivery.slo import load_slo

SLO = load_slo("order").objectives
SOURCES = FOLDER.parent / "provisioning/datasources/metrics.yaml"
QUESTIONS = {str(each): each for name, dashboard in DASHBOARDS.items() for each in of_panels(name, dashboard)}

# (panel and query, labels of the series, what it shows)
FIGURES = [
    ("release: Canary's share of traffic, A", {}, 0.2),
    ("release: Canary's errors, A", {}, 0.1),
    ("release: Stable's errors, A", {}, 0),
    ("release: Observed share of traffic, A", {"track": "stable"}, 0.8),
    ("release: Errors by track, A", {"track": "canary"}, 0.1),
    ("release: Errors by track, B", {"service": "order"}, 1 - SLO.availability),
    ("release: p95 by track, B", {"service": "order"}, SLO.latency.threshold_seconds),
    ("release: Errors by version, A", {"version": "v1"}, 0.2),
    ("service: Errors by route, A", {"route": "/orders"}, 0.2),
    ("service: Failed calls, A", {"span_name": "GET"}, 0.1),
    ("slo: Bad requests: availability, A", {"service": "order"}, 0.02),
    ("slo: Burn rate: availability, A", {"service": "order"}, 0.02 / (1 - SLO.availability)),
    ("slo: Burn rate: latency, A", {"service": "order"}, 0),
    ("kubernetes: Pods by phase, B", {}, 1),
    ("kubernetes: CPU: share of request, A", {"pod": "order-1"}, 0.25),
    ("istio: Mutual TLS, A", {"destination_workload": "order"}, 1),
    ("istio: Errors, A", {"destination_workload": "order-canary"}, 0.1),
]


def shown(series, labels):
    """Return the latest value of the one series with these labels."""
    [one] = [each for each in series if labels.items() <= each["metric"].items()]
    return float((one["values"][-1] if "values" in one else one["value"])[1])


@pytest.mark.parametrize(("place", "labels", "value"), FIGURES, ids=[place for place, *_ in FIGURES])
def test_it_shows_what_is(busy, place, labels, value):
    question = QUESTIONS[place]

    def is_right():
        series = drawn(busy, question, CHOSEN[question.dashboard])
        return series and math.isclose(shown(series, labels), value, rel_tol=0.02, abs_tol=1e-9)

    assert busy.until(is_right), drawn(busy, question, CHOSEN[question.dashboard])


def test_probes_are_no_requests(busy):
    question = QUESTIONS["service: Requests by route, A"]
    series = busy.until(lambda: drawn(busy, question, CHOSEN["service"]))
    assert [each["metric"]["route"] for each in series] == ["/orders"]


def exemplars(prometheus, question, chosen):
    """Return the labels of the requests that stand behind a panel's points."""
    now = time.time()
    found = prometheus.ask("/api/v1/query_exemplars", query=question.put(chosen), start=now - 60, end=now)
    return [each["labels"] for series in found for each in series["exemplars"]]


# The collector's own exemplars are its own matter.
DOTTED = [each for each in QUESTIONS.values() if each.exemplars and "http_request" in each.expr]


@pytest.mark.parametrize("question", DOTTED, ids=str)
def test_its_dots_lead_to_traces(busy, question):
    """By the label that services write and the data source reads."""
    [source] = [each for each in yaml.safe_load(SOURCES.read_text())["datasources"] if each["uid"] == "prometheus"]
    [destination] = source["jsonData"]["exemplarTraceIdDestinations"]
    assert destination["datasourceUid"] == "jaeger"
    labels = busy.until(lambda: exemplars(busy, question, CHOSEN[question.dashboard]))
    assert {each[destination["name"]] for each in labels} == {TRACE}


def test_other_versions_have_no_dots(busy):
    chosen = {**CHOSEN["service"], "version": "v3", "route": ALL}
    assert exemplars(busy, QUESTIONS["service: p95 by version, A"], chosen) == []
