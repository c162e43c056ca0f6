"""The same spans and the same questions to a real Jaeger v2, wherever one is at hand: the answers are the same."""

import asyncio
import json
import os
import shutil
import socket
import urllib.error
import urllib.request

import pytest
import yaml
from tests.unit.observatory.spans_made import NOW, PROTOBUF, TRACE, request, span

BINARY = os.environ.get("JAEGER_BINARY") or shutil.which("jaeger")
OTHER = "b" * 32
WINDOW = f"&start={NOW - 10**9}&end={NOW + 10**9}"
DEADLINE = 60
pytestmark = pytest.mark.skipif(BINARY is None, reason="no Jaeger: put `jaeger` on PATH or name it in JAEGER_BINARY")


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def configuration(query, grpc, receiver):
    at = [f"127.0.0.1:{port}" for port in (query, grpc, receiver)]
    storage = {"backends": {"memory": {"memory": {"max_traces": 100}}}}
    asked = {"storage": {"traces": "memory"}, "http": {"endpoint": at[0]}, "grpc": {"endpoint": at[1]}}
    pipeline = {"receivers": ["otlp"], "processors": [], "exporters": ["jaeger_storage_exporter"]}
    return {
        "service": {
            "extensions": ["jaeger_storage", "jaeger_query"],
            "pipelines": {"traces": pipeline},
            "telemetry": {"metrics": {"level": "none"}},
        },
        "extensions": {"jaeger_storage": storage, "jaeger_query": asked},
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": at[2]}}}},
        "exporters": {"jaeger_storage_exporter": {"trace_storage": "memory"}},
    }


class Jaeger:
    """A real Jaeger that keeps traces in memory."""

    def __init__(self, query, receiver):
        self._query = query
        self._receiver = receiver

    def send(self, body):
        urllib.request.urlopen(self._request(f"http://127.0.0.1:{self._receiver}/v1/traces", body)).read()

    def _request(self, url, body):
        return urllib.request.Request(url, body, PROTOBUF)

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._query}{path}") as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    async def answers(self):
        """Wait until it does."""
        async with asyncio.timeout(DEADLINE):
            while True:
                try:
                    return self.get("/api/services")
                except OSError:
                    await asyncio.sleep(0.1)

    async def holds(self, trace):
        """Wait until a trace is there."""
        async with asyncio.timeout(DEADLINE):
            while self.get(f"/api/traces/{trace}")[0] != 200:  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(0.05)


@pytest.fixture
async def jaeger(tmp_path):
    query, grpc, receiver = free_ports(3)
    file = tmp_path / "jaeger.yaml"
    file.write_text(yaml.safe_dump(configuration(query, grpc, receiver)))
    with (tmp_path / "jaeger.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(BINARY, "--config", file, stdout=log, stderr=log)
    try:
        made = Jaeger(query, receiver)
        await made.answers()
        yield made
    finally:
        process.kill()
        await process.wait()


def requests():
    """Return spans with all that a span can have."""
    first = span(error=True, http__response__status_code=503, ratio=0.5, cached=True)
    first.status.message = "broken"
    event = first.events.add()
    event.name, event.time_unix_nano = "exception", NOW * 1000 + 5000
    second = span("GET /users", number=2, parent=1, start=NOW + 200, duration=700)
    second.status.code = 1
    third = span("background", OTHER, number=3, start=NOW + 999, duration=90_000)
    third.kind = 1
    link = third.links.add()
    link.trace_id, link.span_id = bytes.fromhex(TRACE), (1).to_bytes(8)
    return [request(first, third), request(second, service="user", version="v7")]


def unordered(value):
    """Return a JSON value without the order of its lists, which says nothing here."""
    if isinstance(value, dict):
        return {key: unordered(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return sorted((unordered(inner) for inner in value), key=lambda inner: json.dumps(inner, sort_keys=True))
    return value


QUESTIONS = [
    "/api/services",
    "/api/services/order/operations",
    "/api/services/nobody/operations",
    f"/api/traces/{TRACE}",
    f"/api/traces/{'c' * 32}",
    f"/api/traces?traceID={TRACE}&traceID={OTHER}",
    "/api/traces",
    f"/api/traces?service=order{WINDOW}",
    f"/api/traces?service=nobody{WINDOW}",
    f"/api/traces?service=order&operation=background{WINDOW}",
    f"/api/traces?service=order&minDuration=50ms{WINDOW}",
    f"/api/traces?service=order&maxDuration=50ms{WINDOW}",
    f"/api/traces?service=order&limit=1{WINDOW}",
    f"/api/traces?service=order&tags=%7B%22error%22%3A%22true%22%7D{WINDOW}",
    f"/api/traces?service=order&tags=%7B%22http.response.status_code%22%3A%22503%22%7D{WINDOW}",
    f"/api/traces?service=order&tags=%7B%22service.version%22%3A%22v1%22%7D{WINDOW}",
]
# What is wrong is wrong for both, in words of their own.
WRONG = ["/api/traces/xyz", "/api/traces?service=order&tags=x", f"/api/traces?service=order&minDuration=5{WINDOW}"]


async def test_both_answer_the_same(jaeger, observatory):
    for question in ("/api/services", f"/api/traces?service=order{WINDOW}"):
        assert await observatory.get(question) == jaeger.get(question)
    for each in requests():
        body = each.SerializeToString()
        jaeger.send(body)
        async with observatory.client.post("/v1/traces", data=body, headers=PROTOBUF) as answer:
            assert answer.status == 200
    for trace in (TRACE, OTHER):
        await jaeger.holds(trace)
    for question in QUESTIONS:
        expected = jaeger.get(question)
        assert unordered(await observatory.get(question)) == unordered(expected), question
    for question in WRONG:
        assert (await observatory.get(question))[0] == jaeger.get(question)[0] == 400, question
