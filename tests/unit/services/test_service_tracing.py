"""One trace from the caller through order to user, and what order does when user is away."""

import gzip
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from tests.unit.services import support

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
    client = support.user_client(tmp_path, "v1")
    answers = [client.get(f"/users/{number}", headers={"traceparent": "nonsense"}) for number in range(2)]
    ids = {answer.json["trace_id"] for answer in answers}
    assert len(ids) == 2
    assert "0" * 32 not in ids


def test_spans_reach_the_collector_with_their_parents(start):
    batches = []

    def collect(handler):
        if handler.path == "/users/":
            return reply(handler)
        body = handler.rfile.read(int(handler.headers["Content-Length"] or 0))
        if handler.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        batches.append((handler.path, ExportTraceServiceRequest.FromString(body)))
        return reply(handler)

    with http_server(collect) as collector, http_server(reply) as user:
        order = start("order", USER_URL=user, OTEL_EXPORTER_OTLP_ENDPOINT=collector, OTEL_BSP_SCHEDULE_DELAY="50")
        assert place(order, caller()).status_code == 201
        assert place(order, caller(sampled=False)).status_code == 201

        def spans():
            return {
                span.kind: span
                for path, batch in list(batches)
                for scope in batch.resource_spans[0].scope_spans
                for span in scope.spans
                if path == "/v1/traces" and span.trace_id.hex() == TRACE
            }

        found = support.until(lambda: len(spans()) == 2 and spans(), "both spans arrive")
    server, client = found[2], found[3]
    assert server.name == "POST /orders"
    assert server.parent_span_id.hex() == PARENT
    assert client.parent_span_id == server.span_id
    resource = batches[0][1].resource_spans[0].resource
    named = {attribute.key: attribute.value.string_value for attribute in resource.attributes}
    assert (named["service.name"], named["service.version"]) == ("order", "v1")


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
