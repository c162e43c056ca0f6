"""Elasticsearch's search over the lines of the logs."""

import pytest
from tests.unit.observatory.lines_made import CANARY, CANARY_LINES, ORDER, QUERIES, STABLE_LINES, TRACE

from embedded.observatory.log_store import Position, Progress

PATH = "/logs-proving_ground-default/_search"


@pytest.fixture
async def logs(observatory):
    observatory.sources.lines.write(
        [Progress(1, ORDER, STABLE_LINES, Position()), Progress(2, CANARY, CANARY_LINES, Position())],
    )
    return observatory


async def search(observatory, query=None, **body):
    body = body | ({"query": query} if query else {})
    status, answer = await observatory.call("POST", PATH, json=body)
    assert status == 200, answer
    return answer["hits"]


async def numbers(observatory, query):
    hits = await search(observatory, query, size=100)
    assert hits["total"] == {"value": len(hits["hits"]), "relation": "eq"}
    return [int(hit["_id"]) - 1 for hit in hits["hits"]]


async def test_a_hit_is_a_document_in_ecs(logs):
    hits = await search(logs, {"term": {"log.level": "error"}}, sort=[{"@timestamp": {"order": "asc"}}])
    (hit,) = hits["hits"]
    assert hit["_index"] == "logs-proving_ground-default"
    assert hit["sort"] == [1795521603000]
    assert hit["_source"]["@timestamp"] == "2026-11-24T12:00:03.000000Z"
    assert hit["_source"]["trace"] == {"id": TRACE}
    assert hit["_source"]["kubernetes"]["labels"] == {"track": "canary"}
    assert hit["_source"]["labels"] == {"upstream_version": "v2"}


@pytest.mark.parametrize(("query", "expected"), QUERIES)
async def test_queries(logs, query, expected):
    assert await numbers(logs, query) == expected


async def test_pages_in_both_orders(logs):
    hits = await search(logs, sort=[{"@timestamp": "desc"}], size=2)
    assert [hit["_id"] for hit in hits["hits"]] == ["4", "3"]
    assert hits["total"]["value"] == 4
    hits = await search(logs, sort="@timestamp", size=2, **{"from": 3})
    assert [hit["_id"] for hit in hits["hits"]] == ["4"]
    assert (await search(logs, size=0))["hits"] == []


async def test_size_may_stand_in_the_address(logs):
    status, answer = await logs.get("/logs-proving_ground-*/_search", size=1)
    assert (status, len(answer["hits"]["hits"])) == (200, 1)


async def test_hits_are_counted_up_to_a_bound(logs):
    assert (await search(logs, track_total_hits=2))["total"] == {"value": 2, "relation": "gte"}
    assert "total" not in await search(logs, track_total_hits=False)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"query": {"wildcard": {"message": "a*"}}}, "wildcard"),
        ({"query": {"bool": {"filters": []}}}, "filters"),
        ({"query": {"term": {"host.name": "a"}}}, "host.name"),
        ({"query": {"term": {"trace.id": ["a"]}}}, "trace.id"),
        ({"query": {"terms": {"trace.id": "a"}}}, "terms"),
        ({"query": {"term": {}}}, "term"),
        ({"query": {"range": {"@timestamp": {"gte": "now-5m"}}}}, "@timestamp"),
        ({"query": {"range": {"@timestamp": {"from": 1}}}}, "from"),
        ({"query": {"range": {"http.response.status_code": {"gte": "many"}}}}, "status_code"),
        ({"query": {"match": {"message": {"query": "a", "fuzziness": 1}}}}, "fuzziness"),
        ({"query": {"bool": {"should": [{"match_all": {}}], "minimum_should_match": 2}}}, "minimum_should_match"),
        ({"query": []}, "query"),
        ({"aggs": {}}, "aggs"),
        ({"sort": [{"log.level": "asc"}]}, "log.level"),
        ({"sort": [{"@timestamp": "up"}]}, "up"),
        ({"size": -1}, "size"),
        ({"size": "many"}, "size"),
        ({"size": 10_001}, "10001"),
        ({"_source": ["message"]}, "_source"),
        ({"query": {"term": {"labels.a') OR 1 --": "x"}}}, "labels"),
    ],
)
async def test_what_is_not_supported_is_named_as_elasticsearch_would(logs, body, says):
    status, answer = await logs.call("POST", PATH, json=body)
    assert (status, answer["status"]) == (400, 400)
    assert says in answer["error"]["reason"]
    assert answer["error"]["root_cause"] == [{"type": answer["error"]["type"], "reason": answer["error"]["reason"]}]


@pytest.mark.parametrize("data", [b"{", b"[]"])
async def test_what_is_no_json_object_is_refused(logs, data):
    status, answer = await logs.call("POST", PATH, data=data)
    assert (status, answer["error"]["type"]) == (400, "parsing_exception")


async def test_other_indices_and_paths(logs):
    status, answer = await logs.get("/metrics-*/_search")
    assert (status, answer["error"]["type"]) == (404, "index_not_found_exception")
    status, answer = await logs.get("/logs-proving_ground-default/_count")
    assert (status, "_count" in answer["error"]["reason"]) == (501, True)
    status, answer = await logs.get("/_cluster/health")
    assert (status, "_cluster" in str(answer)) == (501, True)
