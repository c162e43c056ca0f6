"""Template, pipeline and dashboard against a real Elasticsearch, for whoever has one to spare: TEST_ELASTICSEARCH_URL.

It may be bare, without users and lifecycle. What is made there has names of its own and stays.
"""

import json
import os
import secrets

import pytest
import requests
from tests.manifests.test_elk_documents import SETUP, saved
from tests.unit.elk.lines import TRACE, access_line, delivered
from tests.unit.elk.logstash_pipeline import interpreted
from tests.unit.elk.test_logstash_pipeline import REQUEST, STRANGE

URL = os.environ.get("TEST_ELASTICSEARCH_URL", "")
DEADLINE = 60
pytestmark = pytest.mark.skipif(not URL, reason="TEST_ELASTICSEARCH_URL names no Elasticsearch to try this on")
FAILED = REQUEST.replace('"status":201', '"status":500').replace('"level":"info"', '"level":"error"')
MALFORMED = REQUEST.replace('"status":201', '"status":"two hundred"')
LONG = REQUEST.replace('"event"', f'"note":"{"x" * 40000}","event"')
LINES = [REQUEST, FAILED, access_line(), MALFORMED, LONG, *STRANGE]


def ask(method, path, body=None, **more):
    answer = requests.request(method, f"{URL}{path}", json=body, timeout=DEADLINE, **more)
    assert answer.ok, answer.text[:500]
    return answer.json()


@pytest.fixture(scope="module")
def stream():
    """A data stream with the template's mapping that holds every kind of line."""
    name = f"logs-proving_ground-test{secrets.token_hex(4)}"
    template = json.loads((SETUP / "index-template.json").read_text())
    template |= {"index_patterns": [name], "priority": 500}
    # Its lifecycle is made by the set-up, and a bare Elasticsearch knows of none.
    del template["template"]["settings"]["index.lifecycle.name"]
    ask("PUT", f"/_index_template/{name}", template)
    documents = interpreted([delivered(line) for line in LINES])
    bulk = "".join(f'{{"create": {{"_index": "{name}"}}}}\n{json.dumps(document)}\n' for document in documents)
    kind = {"Content-Type": "application/x-ndjson"}
    told = ask("POST", "/_bulk?refresh=true", data=bulk.encode(), headers=kind)
    assert told["errors"] is False, json.dumps(told)[:500]
    return name


def found(stream, **query):
    return ask("POST", f"/{stream}/_search", query)["hits"]["hits"]


def test_no_line_is_refused(stream):
    assert len(found(stream, size=100)) == len(LINES)


def test_a_line_is_found_by_its_trace_in_the_order_of_time(stream):
    condition = {"bool": {"filter": [{"term": {"trace.id": TRACE}}]}}
    hits = found(stream, query=condition, sort=[{"@timestamp": "asc"}], size=50)
    assert len(hits) == 5
    assert hits[-1]["_source"]["message"] == "GET /orders/7 503"


def test_a_value_of_the_wrong_type_is_kept_and_named(stream):
    [hit] = [hit for hit in found(stream, size=100) if "_ignored" in hit and "note" not in hit["_source"]["labels"]]
    assert hit["_ignored"] == ["http.response.status_code"]
    assert hit["_source"]["http"]["response"]["status_code"] == "two hundred"


def aggregation(aggs):
    """Return what Kibana asks for a chart: its buckets inside each other, and its measure in the innermost."""
    inner = {}
    for each in reversed(aggs):
        parameters, field = each["params"], {"field": each["params"].get("field")}
        if each["type"] == "percentiles":
            inner = {"1": {"percentiles": {**field, "percents": parameters["percents"]}}, **inner}
        elif each["type"] == "terms":
            inner = {each["id"]: {"terms": {**field, "size": parameters["size"]}, "aggs": inner}}
        elif each["type"] == "date_histogram":
            inner = {each["id"]: {"date_histogram": {**field, "fixed_interval": "1m"}, "aggs": inner}}
        else:
            assert each["type"] == "count"
    return inner


CHARTS = [body for (kind, _), body in saved().items() if kind == "visualization"]


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart["id"])
def test_every_chart_draws_something(stream, chart):
    aggs = json.loads(chart["attributes"]["visState"])["aggs"]
    # The measure comes first in a chart and is the innermost of what is asked.
    asked = aggregation([*(each for each in aggs if each["schema"] != "metric"), aggs[0]])
    answer = ask("POST", f"/{stream}/_search", {"size": 0, "aggs": asked})["aggregations"]
    while any("buckets" in value for value in answer.values()):
        buckets = next(value["buckets"] for value in answer.values() if "buckets" in value)
        assert buckets, f"{chart['id']} has nothing to draw"
        answer = {key: value for key, value in buckets[0].items() if isinstance(value, dict)}
