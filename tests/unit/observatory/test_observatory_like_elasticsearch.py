"""The same lines and the same queries to a real Elasticsearch, wherever one is at hand: the same lines are found."""

import json
import os
import urllib.error
import urllib.request
import uuid

import pytest
from tests.unit.observatory.lines_made import CANARY, CANARY_LINES, ORDER, QUERIES, STABLE_LINES
from tests.unit.observatory.test_observatory_lines import shown

URL = os.environ.get("PLAIN_ELASTICSEARCH_URL")
pytestmark = pytest.mark.skipif(URL is None, reason="PLAIN_ELASTICSEARCH_URL names none, without security")
KEYWORDS = {"strings": {"match_mapping_type": "string", "mapping": {"type": "keyword"}}}
MAPPING = {
    "dynamic_templates": [KEYWORDS],
    "properties": {"@timestamp": {"type": "date_nanos"}, "message": {"type": "text"}, "labels": {"type": "flattened"}},
}


def ask(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.fixture(scope="module")
def index():
    path = f"/observatory-{uuid.uuid4().hex}"
    status, answer = ask("PUT", path, {"mappings": MAPPING, "settings": {"number_of_replicas": 0}})
    assert status == 200, answer
    try:
        documents = [shown(line, ORDER) for line in STABLE_LINES] + [shown(line, CANARY) for line in CANARY_LINES]
        for number, document in enumerate(documents):
            status, answer = ask("PUT", f"{path}/_doc/{number}?refresh=true", document)
            assert status == 201, answer
        yield path
    finally:
        ask("DELETE", path)


@pytest.mark.parametrize(("query", "expected"), QUERIES)
def test_a_query_finds_the_same(index, query, expected):
    status, answer = ask("POST", f"{index}/_search", {"size": 100} | ({"query": query} if query else {}))
    assert status == 200, answer
    assert answer["hits"]["total"] == {"value": len(expected), "relation": "eq"}
    assert sorted(int(hit["_id"]) for hit in answer["hits"]["hits"]) == expected


@pytest.mark.parametrize(
    "body",
    [
        {"query": {"nonsense": {}}},
        {"query": {"bool": {"filters": []}}},
        {"query": {"terms": {"trace.id": "a"}}},
        {"query": {"range": {"@timestamp": {"gte": "yesterday"}}}},
        {"query": []},
        {"size": -1},
        {"size": 10_001},
        {"sort": [{"@timestamp": "up"}]},
    ],
)
def test_what_is_wrong_is_wrong_there_too(index, body):
    status, answer = ask("POST", f"{index}/_search", body)
    assert (status, answer["status"]) == (400, 400)
    assert {"type", "reason", "root_cause"} <= answer["error"].keys()


def test_sorted_hits_tell_their_time(index):
    _status, answer = ask("POST", f"{index}/_search", {"sort": [{"@timestamp": "desc"}], "size": 1})
    (hit,) = answer["hits"]["hits"]
    assert hit["_id"] == "3"
    assert (answer["hits"]["max_score"], hit["_score"]) == (None, None)
    assert {"took", "timed_out", "_shards"} <= answer.keys()
