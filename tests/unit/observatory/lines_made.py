"""Some lines, and what which query finds of them: for the observatory and for a real Elasticsearch alike."""

from embedded.observatory.lines import Line, Origin
from embedded.observatory.pods import Pod

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


STABLE_LINES = [
    line(0),
    line(1, trace=TRACE),
    line(2, message="Connection to user lost: timed out, größer", level="warning"),
]
MORE = '{"labels.upstream_version": "v2", "envoy.response_flags": "UF"}'
CANARY_LINES = [line(3, version="v2", status=503, level="error", trace=TRACE, more=MORE)]
# Each with the numbers of the lines that it finds.
QUERIES = [
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
    ({"match_phrase": {"message": "TIMED out"}}, [2]),
    ({"match_phrase": {"message": "out, GRÖSSER"}}, []),
    ({"match_phrase": {"message": "out - GRÖßER"}}, [2]),
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
]
