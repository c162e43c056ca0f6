"""What the scripts ask of Jaeger, Elasticsearch and Grafana is what these answer, and what stands in for them."""

import secrets
import time

import pytest
from tests.contract.waiting import until

from cluster.elasticsearch import Elasticsearch
from cluster.grafana import Grafana
from cluster.jaeger import Jaeger


@pytest.fixture
def tools(cluster):
    with cluster.connect("observability") as found:
        yield found.aside()


@pytest.fixture
def traced(entrance):
    """Send one request whose trace is kept, and return the id of it."""
    entrance.split(stable=100, canary=0)
    entrance.answers_with("v1")
    trace_id = secrets.token_hex(16)
    parent = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01", "tracestate": "proving-ground=keep"}
    assert entrance.get("/found/by/trace", **parent).status_code == 200
    return trace_id


def test_a_request_is_found_by_its_trace_id(needs, tools, traced):
    needs("traces")
    trace = until(lambda: Jaeger(tools).trace(traced), "the trace")
    assert trace.spans
    ids = {span.span_id for span in trace.spans}
    assert all(span.parent_id is None or span.parent_id in ids for span in trace.spans)
    assert [span.start for span in trace.spans] == sorted(span.start for span in trace.spans)
    assert all(time.time() - 300 < span.start < time.time() + 60 and span.duration >= 0 for span in trace.spans)


def test_a_trace_that_nobody_sent_is_none(needs, tools):
    needs("traces")
    assert Jaeger(tools).trace(secrets.token_hex(16)) is None


def test_the_lines_of_a_request_are_found_by_its_trace_id(needs, tools, traced):
    needs("logs")
    lines = until(lambda: Elasticsearch(tools).lines([traced, secrets.token_hex(16)]), "the lines")
    assert {line.trace_id for line in lines} == {traced}
    assert any(line.fields.get("url.path", "").startswith("/found/by/trace") for line in lines)
    assert all("log.level" in line.fields for line in lines)


def test_lines_that_nobody_wrote_are_none(needs, tools):
    needs("logs")
    assert Elasticsearch(tools).lines([secrets.token_hex(16)]) == []


def test_a_mark_is_found_by_its_tag_and_ends_where_it_is_told(needs, tools):
    needs("annotations")
    grafana, tag = Grafana(tools), f"contract:{secrets.token_hex(8)}"
    began = int(time.time() * 1000)
    mark = grafana.mark(began, ["proving-ground", tag], "a step")
    grafana.stretch(mark, began + 1500)
    [found] = grafana.marks(tag)
    assert (found["id"], found["time"], found["timeEnd"], found["text"]) == (mark, began, began + 1500, "a step")
    assert set(found["tags"]) == {"proving-ground", tag}
