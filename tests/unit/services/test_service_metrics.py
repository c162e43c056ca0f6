"""What Prometheus reads: rate, errors and durations with bounded labels and exemplars."""

import itertools

from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def samples(client, name):
    page = client.get("/metrics", headers={"Accept": OPENMETRICS})
    assert page.content_type.startswith("application/openmetrics-text")
    families = list(parse(page.text))
    return [sample for family in families for sample in family.samples if sample.name == name]


def count(client, **labels):
    found = samples(client, "http_requests_total")
    return sum(sample.value for sample in found if labels.items() <= sample.labels.items())


def test_requests_are_counted_by_route_method_code_and_version(user):
    user.post("/users", json={})
    user.get("/users/1")
    user.get("/users/2")
    base = {"service": "user", "version": "v2"}
    assert count(user, **base, route="/users", method="POST", code="422") == 1
    assert count(user, **base, route="/users/<user_id>", method="GET", code="404") == 2


def test_durations_are_counted_with_the_same_labels(user):
    user.get("/users")
    labels = {"service": "user", "version": "v2", "route": "/users", "method": "GET", "code": "200"}
    [total] = [sample for sample in samples(user, "http_request_duration_seconds_count") if sample.labels == labels]
    assert total.value == 1


def test_exemplar_leads_to_the_trace(user):
    trace_id, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    user.get("/users", headers={"traceparent": f"00-{trace_id}-{parent}-01"})
    buckets = samples(user, "http_request_duration_seconds_bucket")
    exemplars = [sample.exemplar for sample in buckets if sample.exemplar and sample.labels["route"] == "/users"]
    assert [exemplar.labels["trace_id"] for exemplar in exemplars] == [trace_id]


def test_request_that_is_not_sampled_leaves_no_exemplar(user):
    user.get("/users", headers={"traceparent": f"00-{'4b' * 16}-{'0f' * 8}-00"})
    buckets = samples(user, "http_request_duration_seconds_bucket")
    assert not [sample for sample in buckets if sample.exemplar and sample.labels["route"] == "/users"]


def test_clients_cannot_make_new_series(user):
    def series():
        return {tuple(sorted(sample.labels.items())) for sample in samples(user, "http_requests_total")}

    user.get("/nowhere/0")
    user.open("/users", method="BREW")
    user.open("/nowhere", method="BREW")
    user.get("/users/0")
    series()
    before = series()
    for number, method in itertools.product(range(5), ("GET", "FOO", "BAR")):
        user.open(f"/nowhere/{number}", method=method)
        user.open("/users", method=f"{method}{number}")
        user.get(f"/users/{number}")
    assert series() == before


def test_request_in_progress_is_this_one(user):
    [gauge] = samples(user, "http_requests_in_progress")
    assert gauge.value == 1


def test_page_without_openmetrics_is_plain_and_names_the_process(user):
    page = user.get("/metrics")
    assert page.content_type.startswith("text/plain")
    assert "process_resident_memory_bytes" in page.text or "python_info" in page.text
