"""Spans come in by OTLP over HTTP, and traces go out by Jaeger's query API."""

import gzip
import json

import pytest
from tests.unit.observatory.spans_made import NOW, PROTOBUF, TRACE, request, send, span

from embedded.observatory import spans as spans_module
from embedded.observatory.spans import Spans

OTHER = "b" * 32


async def traces(observatory, **query):
    status, answer = await observatory.get("/api/traces", service="order", **query)
    assert status == 200, answer
    return [each["traceID"] for each in answer["data"]]


def tags(span):
    return {each["key"]: each["value"] for each in span["tags"]}


async def test_a_trace_in_jaegers_json(observatory):
    await send(observatory, span(error=True, http__response__status_code=503, ratio=0.5, cached=True))
    await send(observatory, span("GET /users", number=2, parent=1, start=NOW + 200), service="user", version="v7")
    status, answer = await observatory.get(f"/api/traces/{TRACE}")
    assert status == 200
    (trace,) = answer["data"]
    first, second = trace["spans"]
    assert (first["operationName"], first["spanID"], first["startTime"], first["duration"]) == (
        *("GET /orders", "0000000000000001", NOW, 1500),
    )
    assert first["references"] == []
    assert second["references"] == [{"refType": "CHILD_OF", "traceID": TRACE, "spanID": "0000000000000001"}]
    assert trace["processes"][second["processID"]] == {
        "serviceName": "user",
        "tags": [{"key": "service.version", "type": "string", "value": "v7"}],
    }
    assert {"key": "http.response.status_code", "type": "int64", "value": 503} in first["tags"]
    assert {"key": "ratio", "type": "float64", "value": 0.5} in first["tags"]
    assert {"key": "cached", "type": "bool", "value": True} in first["tags"]
    assert tags(first)["error"] is True
    assert tags(first)["span.kind"] == "server"
    assert tags(first)["otel.scope.name"] == "chassis"
    assert "error" not in tags(second)


async def test_compressed_and_in_pieces(observatory):
    async def pieces():
        packed = gzip.compress(request(span()).SerializeToString())
        yield packed[:10]
        yield packed[10:]

    headers = {**PROTOBUF, "Content-Encoding": "gzip"}
    async with observatory.client.post("/v1/traces", data=pieces(), headers=headers) as answer:
        assert answer.status == 200
    assert await traces(observatory) == [TRACE]


async def test_json_has_hexadecimal_ids(observatory):
    sent = {"traceId": TRACE, "spanId": "00000000000000ff", "parentSpanId": "", "name": "x", "kind": 2}
    sent |= {"startTimeUnixNano": str(NOW * 1000), "endTimeUnixNano": str(NOW * 1000), "unknown": 1}
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "order"}}]}
    body = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [sent]}]}]}
    assert await observatory.call("POST", "/v1/traces", json=body) == (200, {})
    _status, answer = await observatory.get(f"/api/traces/{TRACE}")
    assert answer["data"][0]["spans"][0]["spanID"] == "00000000000000ff"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"\xff\xff", "application/x-protobuf", 400),
        (b"{", "application/json", 400),
        (b"[1]", "application/json", 400),
        (b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"xyz"}]}]}]}', "application/json", 400),
        (b"hello", "text/plain", 501),
    ],
)
async def test_what_is_no_otlp_is_refused_in_one_line(observatory, body, kind, status):
    code, answer = await observatory.call("POST", "/v1/traces", data=body, headers={"Content-Type": kind})
    assert code == status
    assert "\n" not in answer["message"]
    assert (await observatory.get("/api/services"))[1]["data"] == []


async def test_what_only_claims_to_be_compressed_is_refused(observatory):
    headers = {**PROTOBUF, "Content-Encoding": "gzip", "Content-Length": "5"}
    async with observatory.client.post("/v1/traces", data=b"hello", headers=headers) as answer:
        assert answer.status == 400


async def test_figures_that_json_does_not_have_become_text(observatory):
    await send(observatory, span(ratio=float("nan")))
    async with observatory.client.get(f"/api/traces/{TRACE}") as answer:
        assert '"value": "nan"' in await answer.text()


async def test_a_span_without_a_sound_trace_is_ignored(observatory):
    await send(observatory, span(trace="ab"), span(number=2))
    assert await traces(observatory) == [TRACE]


async def test_services_and_operations(observatory):
    await send(observatory, span("GET /orders"), span("POST /orders", number=2))
    await send(observatory, span("GET /users", number=3), service="user")
    assert (await observatory.get("/api/services"))[1]["data"] == ["order", "user"]
    assert (await observatory.get("/api/services/order/operations"))[1]["data"] == ["GET /orders", "POST /orders"]
    assert (await observatory.get("/api/services/nobody/operations"))[1]["data"] is None


async def test_a_search_finds_what_it_names(observatory):
    await send(observatory, span(http__response__status_code=200))
    slow = span("POST /orders", OTHER, start=NOW + 10, duration=40_000, error=True, http__response__status_code=503)
    await send(observatory, slow, version="v2")
    assert await traces(observatory) == [OTHER, TRACE]
    assert await traces(observatory, operation="GET /orders") == [TRACE]
    assert await traces(observatory, tags='{"error":"true"}') == [OTHER]
    assert await traces(observatory, tags='{"error":"false"}') == [TRACE]
    assert await traces(observatory, tags='{"http.response.status_code":"503","service.version":"v2"}') == [OTHER]
    assert await traces(observatory, tags='{"http.response.status_code":"503","service.version":"v1"}') == []
    assert await traces(observatory, minDuration="10ms") == [OTHER]
    assert await traces(observatory, maxDuration="1.6ms") == [TRACE]
    assert await traces(observatory, start=NOW + 1) == [OTHER]
    assert await traces(observatory, end=NOW + 1) == [TRACE]
    assert await traces(observatory, limit=1) == [OTHER]


async def test_traces_by_their_ids(observatory):
    await send(observatory, span(), span(trace=OTHER, number=2))
    status, answer = await observatory.get(f"/api/traces?traceID={OTHER}&traceID={TRACE}&traceID={'c' * 32}")
    assert (status, [each["traceID"] for each in answer["data"]]) == (200, [OTHER, TRACE])
    status, answer = await observatory.get(f"/api/traces/{'c' * 32}")
    assert (status, answer["data"], answer["errors"]) == (404, None, [{"code": 404, "msg": "trace not found"}])


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/api/traces", 400, "service"),
        ("/api/traces?service=order&tags=error", 400, "tags"),
        ("/api/traces?service=order&start=yesterday", 400, "start"),
        (f"/api/traces?service=order&start={10**30}", 400, "large"),
        ("/api/traces?service=order&minDuration=5", 400, "minDuration"),
        ("/api/traces?service=order&raw=true", 501, "raw"),
        ("/api/traces/nothing", 400, "nothing"),
        ("/api/v3/traces", 501, "/api/v3/traces"),
        ("/api/dependencies", 501, "/api/dependencies"),
    ],
)
async def test_what_cannot_be_answered_is_named(observatory, path, status, says):
    code, answer = await observatory.get(path)
    assert (code, says in json.dumps(answer)) == (status, True), answer


async def test_spans_that_wait_are_written_at_the_end(start):
    observatory = await start()
    await send(observatory, span())
    await observatory.client.close()
    assert await traces(await start()) == [TRACE]


async def test_a_damaged_file_is_begun_anew(start, tmp_path):
    (tmp_path / "observatory").mkdir()
    (tmp_path / "observatory" / "traces.db").write_bytes(b"no database" * 1000)
    observatory = await start()
    await send(observatory, span())
    assert await traces(observatory) == [TRACE]


async def test_a_file_of_another_version_is_begun_anew(tmp_path, monkeypatch):
    first = Spans(tmp_path)
    first.take(request(span()))
    first.close()
    with monkeypatch.context() as changed:
        changed.setattr(spans_module, "VERSION", spans_module.VERSION + 1)
        second = Spans(tmp_path)
        assert second.database._read(lambda connection: connection.execute("SELECT * FROM spans").fetchall()) == []
        second.close()


async def test_more_than_can_be_written_is_refused(observatory, monkeypatch):
    monkeypatch.setattr(spans_module, "WAITING", 1)
    body = request(span(), span(number=2)).SerializeToString()
    async with observatory.client.post("/v1/traces", data=body, headers=PROTOBUF) as answer:
        assert answer.status == 200
        assert b"more spans wait" in await answer.read()
    assert await traces(observatory) == []


def kept(spans):
    query = "SELECT hex(trace) FROM spans ORDER BY id"
    return [row[0].lower() for row in spans.database._read(lambda connection: connection.execute(query).fetchall())]


def test_the_oldest_traces_go_first_and_errors_last(tmp_path):
    spans = Spans(tmp_path, limit=3, last_limit=6)
    names = [f"{number:032x}" for number in range(1, 9)]
    for trace in names:
        spans.take(request(span(trace=trace, error=trace in names[:4])))
    spans.flush()
    spans.bound()
    # Beyond three only errors stay, beyond six nothing does.
    assert kept(spans) == [*names[2:4], *names[5:]]
    spans.close()


def test_a_trace_goes_as_a_whole(tmp_path):
    spans = Spans(tmp_path, limit=2, last_limit=2)
    for trace in (TRACE, OTHER, TRACE, OTHER):
        spans.take(request(span(trace=trace)))
    spans.flush()
    spans.bound()
    assert kept(spans) == []
    spans.close()


def test_what_is_older_than_a_day_goes(tmp_path):
    spans = Spans(tmp_path)
    spans.take(request(span(start=NOW - 25 * 3_600_000_000), span(trace=OTHER)))
    spans.flush()
    spans.bound()
    assert kept(spans) == [OTHER]
    spans.close()


async def test_the_track_of_the_pod_is_added(observatory):
    labels = {"app": "order", "track": "canary"}
    observatory.sources.pods.note({"metadata": {"namespace": "shop", "name": "order-1", "labels": labels}})
    await send(observatory, span(), k8s__namespace__name="shop", k8s__pod__name="order-1")
    assert await traces(observatory, tags='{"track":"canary"}') == [TRACE]
