"""One trace from the caller through order to user, and what order does when user is away."""

import gzip
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode, use_span
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from tests.unit.services import support

from chassis import queries
from chassis.metrics import Metrics
from chassis.telemetry import Telemetry

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


def caller(sampled=True):
    return {"traceparent": f"00-{TRACE}-{PARENT}-{'01' if sampled else '00'}"}


@contextmanager
def http_server(answer):
    """Serve `answer(handler)` for GET and POST on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            answer(self)

        def do_POST(self):
            answer(self)

        def log_message(self, *_arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def reply(handler, status=200):
    handler.send_response(status)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def place(order, headers=None, user_id=None):
    return requests.post(f"{order.url}/orders", json=support.tea(user_id), headers=headers, timeout=30)


def test_trace_goes_from_the_caller_through_order_to_user(start):
    user = start("user")
    order = start("order", USER_URL=user.url)
    ada = requests.post(f"{user.url}/users", json={"name": "Ada", "email": "ada@example.org"}, timeout=30).json()
    assert place(order, caller(), ada["id"]).status_code == 201
    [asked] = user.requests_seen(f"/users/{ada['id']}")
    [placed] = order.requests_seen("/orders")
    assert asked["trace_id"] == placed["trace_id"] == TRACE
    assert len({asked["span_id"], placed["span_id"], PARENT}) == 3
    assert place(order).status_code == 422, "an unknown user is the client's mistake"


def test_without_a_caller_each_request_is_its_own_trace(tmp_path, capfd):
    client = support.client("user", tmp_path, "v1")
    answers = [client.get(f"/users/{number}", headers={"traceparent": "nonsense"}) for number in range(2)]
    ids = {answer.json["trace_id"] for answer in answers}
    assert len(ids) == 2
    assert "0" * 32 not in ids


@contextmanager
def collector():
    """Serve an OTLP collector; gives its address and a function that returns every span of TRACE by name."""
    batches = []

    def collect(handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"] or 0))
        if handler.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        assert handler.path == "/v1/traces"
        batches.append(ExportTraceServiceRequest.FromString(body))
        return reply(handler)

    def spans():
        resources = [resource for batch in list(batches) for resource in batch.resource_spans]
        found = [(span, resource) for resource in resources for scope in resource.scope_spans for span in scope.spans]
        return {span.name: (span, resource) for span, resource in found if span.trace_id.hex() == TRACE}

    with http_server(collect) as url:
        yield url, spans


def attributes(holder):
    return {each.key: each.value.string_value or each.value.int_value for each in holder.attributes}


def test_spans_reach_the_collector_with_their_parents(start):
    with collector() as (url, spans), http_server(reply) as user:
        order = start("order", USER_URL=user, OTEL_EXPORTER_OTLP_ENDPOINT=url, OTEL_BSP_SCHEDULE_DELAY="50")
        assert place(order, caller()).status_code == 201
        assert place(order, caller(sampled=False)).status_code == 201
        found = support.until(lambda: len(spans()) == 3 and spans(), "all three spans arrive")
    (server, resource), (client, _), (query, _) = (found[name] for name in ("POST /orders", "GET", "INSERT orders"))
    assert server.parent_span_id.hex() == PARENT
    assert client.parent_span_id == query.parent_span_id == server.span_id
    named = attributes(resource.resource)
    assert (named["service.name"], named["service.version"]) == ("order", "v1")
    said = attributes(query)
    assert (said["db.system.name"], said["db.operation.name"], said["db.collection.name"]) == (
        "sqlite",
        "INSERT",
        "orders",
    )
    assert "tea" not in said["db.query.text"], "values stay out of traces"


def test_what_the_platform_asks_all_day_is_traced_only_for_a_caller_who_traces(start):
    with collector() as (url, spans):
        user = start("user", OTEL_EXPORTER_OTLP_ENDPOINT=url, OTEL_BSP_SCHEDULE_DELAY="50")
        for _ in range(3):
            assert requests.get(f"{user.url}/readyz", timeout=30).status_code == 200
        ids = {line["trace_id"] for line in user.requests_seen("/readyz")}
        assert len(ids) >= 3
        assert not any(set(each) == {"0"} for each in ids)
        assert requests.get(f"{user.url}/readyz", headers=caller(), timeout=30).status_code == 200
        support.until(lambda: "GET /readyz" in spans(), "the traced one arrives")


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("SELECT orders.id, orders.note \nFROM orders \nWHERE orders.id = ?", ("SELECT", "orders")),
        ('INSERT INTO "user" (id) VALUES (%s)', ("INSERT", "user")),
        ("UPDATE orders SET status=?", ("UPDATE", "orders")),
        ("DELETE FROM users WHERE id = ?", ("DELETE", "users")),
        ("BEGIN IMMEDIATE", None),
        ("PRAGMA journal_mode = WAL", None),
    ],
)
def test_statement_is_named_by_what_it_does_with_which_table(statement, words):
    assert queries._words(statement) == words


def test_statement_that_fails_marks_its_span_and_ends_it(tmp_path):
    exported = InMemorySpanExporter()
    telemetry = Telemetry("order", "v1", exports=False)
    telemetry.provider.add_span_processor(SimpleSpanProcessor(exported))
    engine = create_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    metrics = Metrics("order", "v1")
    queries.observe_queries(engine, telemetry, metrics)
    with engine.connect() as connection, pytest.raises(OperationalError):
        connection.execute(text("SELECT * FROM nowhere"))
    assert exported.get_finished_spans() == (), "nobody's statement is nobody's span"
    parent = telemetry.start_client_span("GET", "http://user/")
    with use_span(parent), engine.connect() as connection, pytest.raises(OperationalError):
        connection.execute(text("SELECT * FROM nowhere"))
    [span] = exported.get_finished_spans()
    assert (span.name, span.status.status_code) == ("SELECT nowhere", StatusCode.ERROR)
    assert span.attributes["error.type"] == "OperationalError"
    labels = {"service": "order", "operation": "SELECT", "table": "nowhere", "version": "v1"}
    assert metrics.registry.get_sample_value("db_client_operation_duration_seconds_count", labels) == 2


def test_exporter_that_hangs_does_not_hold_up_the_exit():
    released = threading.Event()

    class Stuck(SpanExporter):
        def export(self, spans):
            released.wait(60)
            return SpanExportResult.FAILURE

    telemetry = Telemetry("user", "v1", exports=False)
    telemetry.provider.add_span_processor(BatchSpanProcessor(Stuck()))
    telemetry.start_server_span("GET", "/", {}).end()
    started = time.monotonic()
    telemetry.stop_export()
    # The processor itself would wait 30 seconds.
    assert time.monotonic() - started < 15
    released.set()


def test_sampler_comes_from_the_standard_variables(start):
    service = start("user", OTEL_TRACES_SAMPLER="parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG="0")
    accept = {"Accept": "application/openmetrics-text"}
    for headers in (None, caller()):
        requests.get(f"{service.url}/users", headers=headers, timeout=30)
    page = requests.get(f"{service.url}/metrics", headers=accept, timeout=30).text
    exemplars = [line for line in page.splitlines() if 'route="/users"' in line and "# {" in line and "_bucket" in line]
    assert len(exemplars) == 1
    assert TRACE in exemplars[0]


def test_user_service_that_refuses_connections_is_a_503(start):
    order = start("order", USER_URL=f"http://127.0.0.1:{support.free_port()}")
    answer = place(order)
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:problem:user-service-unavailable"
    assert requests.get(f"{order.url}/readyz", timeout=30).status_code == 200, "orders can still be read"


def test_user_service_that_hangs_is_a_503_within_the_timeout(start):
    with http_server(lambda _handler: threading.Event().wait(10)) as user:
        order = start("order", USER_URL=user, USER_TIMEOUT_SECONDS="0.3")
        assert place(order).status_code == 503
        [line] = order.requests_seen("/orders")
        assert 300 <= line["duration_ms"] < 5000


def test_user_service_that_fails_is_a_503(start):
    with http_server(lambda handler: reply(handler, 500)) as user:
        order = start("order", USER_URL=user)
        assert place(order).status_code == 503


def test_calls_go_through_the_proxy_of_the_environment(start):
    asked = []

    def proxy(handler):
        asked.append((handler.path, handler.headers.get("traceparent", "")))
        reply(handler)

    with http_server(proxy) as url:
        order = start("order", USER_URL="http://user:8080", HTTP_PROXY=url, http_proxy=url)
        assert place(order, caller()).status_code == 201
    [(path, parent)] = asked
    assert path.startswith("http://user:8080/users/")
    assert parent.split("-")[1] == TRACE
