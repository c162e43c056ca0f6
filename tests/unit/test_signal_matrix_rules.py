"""What the walk over the signal matrix finds missing, made on purpose from a full record."""

import copy
import re
from pathlib import Path

import pytest
import yaml
from tests.signals.matrix import PAGES, MatrixError, Seen, gaps, load, request_of

from cluster.elasticsearch import Line
from cluster.jaeger import Span
from cluster.manifests import render

ROOT = Path(__file__).resolve().parents[2]
ENTRIES = load(PAGES["order"], version="v1", namespace="shop")
POD = frozenset({("pod", "a")})


def span(service, name, span_id, parent):
    return Span(service, "v1", name, span_id, parent, start=0.0, duration=0.001, error=False)


@pytest.fixture
def seen():
    spans = [
        span("istio-ingressgateway.istio-system", "ingress", "a", None),
        span("order", "POST /orders", "b", "a"),
        span("order", "INSERT orders", "c", "b"),
        span("order", "GET", "d", "b"),
        span("user", "GET /users/<user_id>", "e", "d"),
        span("user", "SELECT users", "f", "e"),
    ]
    proxy = {"event.dataset": "proxy.access"}
    lines = [
        proxy | {"http.request.method": "POST", "url.path": "/orders", "http.response.status_code": "201"},
        proxy | {"http.request.method": "GET", "url.path": "/users/1"},
        {"service.name": "order", "service.version": "v1", "http.route": "/orders", "log.level": "info"},
        {"service.name": "user", "http.route": "/users/<user_id>", "log.level": "info"},
    ]
    after = {entry.part: {POD: 1.0} for entry in ENTRIES}
    return Seen(after=after, spans=spans, lines=[Line("t", "2026-01-01T00:00:00Z", fields) for fields in lines])


def test_full_record_has_no_gap(seen):
    assert gaps(ENTRIES, seen) == []


def test_counter_that_stands_still_is_named(seen):
    seen.before = {"user": {POD: 1.0}}
    assert gaps(ENTRIES, seen) == [f"user: metric: {entry('user').metric} did not rise"]


def test_counter_of_a_new_pod_rises_though_the_sum_falls(seen):
    seen.before = {"user": {frozenset({("pod", "gone")}): 9.0}}
    assert gaps(ENTRIES, seen) == []


def test_label_that_is_dropped_leaves_the_query_without_an_answer_and_is_named(seen):
    del seen.after["order"]
    [gap] = gaps(ENTRIES, seen)
    assert gap.startswith("order: metric: there is no http_requests_total{")


def test_propagator_that_is_dropped_is_named_where_the_trace_breaks(seen):
    seen.spans = [each for each in seen.spans if each.service != "user"]
    assert [gap.split(",")[0] for gap in gaps(ENTRIES, seen)] == [
        "user: span: no user: GET /users/<user_id> in the trace",
        "user -> database: span: no user: SELECT users in the trace",
    ]


def test_span_that_hangs_elsewhere_is_named(seen):
    seen.spans = [span("user", "SELECT users", "f", "b") if each.span_id == "f" else each for each in seen.spans]
    assert gaps(ENTRIES, seen) == ["user -> database: span: user: SELECT users is not under the span of user"]


def test_parents_in_a_circle_end_the_search(seen):
    loop = [span("user", "SELECT users", "f", "g"), span("x", "x", "g", "f")]
    seen.spans = [each for each in seen.spans if each.span_id != "f"] + loop
    assert len(gaps(ENTRIES, seen)) == 1


def test_log_line_of_another_level_is_named(seen):
    seen.lines = [line for line in seen.lines if line.fields.get("service.name") != "order"]
    [gap] = gaps(ENTRIES, seen)
    assert gap.startswith("order: log: none of the trace's 3 lines has service.name order")


def test_only_the_kinds_that_are_asked_for_are_looked_at(seen):
    seen.lines = []
    assert gaps(ENTRIES, seen, ["metric", "span"]) == []


@pytest.mark.parametrize("page", PAGES)
def test_no_word_in_braces_is_left_over(page):
    entries = load(PAGES[page], version="v1", namespace="shop")
    assert not [entry for entry in entries if re.search(r"{(version|namespace)}", str(entry))]


def test_every_service_of_the_shop_has_a_page_on_which_the_gateway_leads_to_it():
    deployments = {body["metadata"]["name"] for body in render("embedded") if body["kind"] == "Deployment"}
    assert deployments == set(PAGES)
    for service, page in PAGES.items():
        parts = {entry.part: entry for entry in load(page, version="v1", namespace="shop")}
        assert parts[service].span["under"] == "gateway"
        assert f'service="{service}"' in parts["gateway"].metric


def test_the_request_of_a_page_is_method_and_path():
    assert request_of(PAGES["order"]) == ("POST", "/orders")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda body: body.pop("log"), "order: it needs log, metric, part, span; say `none` and why"),
        (lambda body: body["span"].update(under="nobody"), "order: its span is under nobody, which is no entry"),
        (lambda body: body.update(part="gateway"), "two entries have one name"),
    ],
)
def test_matrix_that_cannot_be_right_is_refused(change, said):
    page = copy.deepcopy(yaml.safe_load(PAGES["order"]))
    change(page["signals"][1])
    page["signals"] = page["signals"][:2]
    with pytest.raises(MatrixError) as error:
        load(yaml.safe_dump(page))
    assert str(error.value) == said


def entry(part):
    return next(each for each in ENTRIES if each.part == part)
