"""Elasticsearch's search over the lines of the logs."""

import pytest

from embedded.observatory.lines import Line, Origin
from embedded.observatory.log_store import Position, Progress
from embedded.observatory.pods import Pod

PATH = "/logs-proving_ground-default/_search"
T0 = 1795521600_000000
ORDER = Origin(Pod("shop", "order-1", "order", "v1", "stable"), "app")
CANARY = Origin(Pod("shop", "order-canary-1", "order", "v2", "canary"), "app")
TRACE = "a" * 32


def line(number, **changes):
    made = Line(
        time=T0 + number * 1_000_000,
        dataset="order.log",
        trace="",
        span="",
        level="info",
        service="order",
        version="v1",
        method="GET",
        route="/orders",
        path="/orders",
        status=200,
        duration=number * 1_000_000,
        message=f"request number {number}",
        more=None,
    )
    return made._replace(**changes)


@pytest.fixture
async def logs(observatory):
    stable = [line(0), line(1, trace=TRACE), line(2, message="Connection to user lost: timed out", level="warning")]
    canary = [
        line(
            3,
            version="v2",
            status=503,
            level="error",
            trace=TRACE,
            more='{"labels.upstream_version": "v2", "envoy.response_flags": "UF"}',
        )
    ]
    observatory.sources.lines.write(
        [Progress(1, ORDER, stable, Position()), Progress(2, CANARY, canary, Position())],
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


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (None, [0, 1, 2, 3]),
        ({"match_all": {}}, [0, 1, 2, 3]),
        ({"term": {"trace.id": TRACE}}, [1, 3]),
        ({"term": {"trace.id": {"value": TRACE}}}, [1, 3]),
        ({"terms": {"log.level": ["error", "warning"]}}, [2, 3]),
        ({"terms": {"log.level": []}}, []),
        ({"term": {"http.response.status_code": 503}}, [3]),
        ({"term": {"http.response.status_code": "503"}}, [3]),
        ({"term": {"kubernetes.labels.track": "canary"}}, [3]),
        ({"term": {"kubernetes.pod.name": "order-1"}}, [0, 1, 2]),
        ({"term": {"labels.upstream_version": "v2"}}, [3]),
        ({"term": {"envoy.response_flags": "UF"}}, [3]),
        ({"range": {"@timestamp": {"gte": "2026-11-24T12:00:01Z", "lt": "2026-11-24T12:00:03Z"}}}, [1, 2]),
        ({"range": {"@timestamp": {"gt": 1795521601000, "lte": 1795521603000}}}, [2, 3]),
        ({"range": {"event.duration": {"gte": 2_000_000}}}, [2, 3]),
        ({"match": {"message": "timed number"}}, [0, 1, 2, 3]),
        ({"match": {"message": {"query": "out TIMED", "operator": "and"}}}, [2]),
        ({"match": {"service.version": "v2"}}, [3]),
        ({"match_phrase": {"message": "timed out"}}, [2]),
        ({"match_phrase": {"message": "out timed"}}, []),
        ({"match_phrase": {"message": "Time"}}, []),
        ({"exists": {"field": "trace.id"}}, [1, 3]),
        ({"bool": {}}, [0, 1, 2, 3]),
        ({"bool": {"filter": [{"term": {"trace.id": TRACE}}, {"term": {"service.version": "v1"}}]}}, [1]),
        ({"bool": {"filter": {"term": {"trace.id": TRACE}}, "must": {"term": {"log.level": "error"}}}}, [3]),
        (
            {"bool": {"must_not": [{"term": {"log.level": "info"}}, {"exists": {"field": "labels.upstream_version"}}]}},
            [2],
        ),
        ({"bool": {"should": [{"term": {"log.level": "error"}}, {"term": {"log.level": "warning"}}]}}, [2, 3]),
        (
            {
                "bool": {
                    "must": [{"match_all": {}}],
                    "should": [{"term": {"log.level": "error"}}],
                    "minimum_should_match": 1,
                }
            },
            [3],
        ),
        ({"bool": {"must": [{"match_all": {}}], "should": [{"term": {"log.level": "error"}}]}}, [0, 1, 2, 3]),
        ({"bool": {"filter": [{"bool": {"must_not": {"term": {"trace.id": TRACE}}}}]}}, [0, 2]),
    ],
)
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
