"""Jaeger, Elasticsearch and Grafana: what they are asked, what comes of it, and that their illness is one line."""

import base64
import json
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from tests.unit.cluster.fake_api import serving
from tests.unit.cluster.sick import EVERY_WAY, sick

from cluster import ways
from cluster.client import Cluster
from cluster.elasticsearch import Elasticsearch
from cluster.errors import Absent, BackendError, ClusterError, PrometheusError
from cluster.grafana import Grafana
from cluster.jaeger import Jaeger
from cluster.prometheus import Prometheus
from embedded.certificates import credentials

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SERVICES = "/api/v1/namespaces/observability/services"
SECRETS = "/api/v1/namespaces/observability/secrets"


def span(number, parent="", error=False, start=1_000_000, **tags):
    references = [{"refType": "CHILD_OF", "traceID": TRACE, "spanID": parent}] if parent else []
    kinds = [{"key": key.replace("_", "."), "type": "string", "value": value} for key, value in tags.items()]
    if error:
        kinds.append({"key": "error", "type": "bool", "value": True})
    times = {"startTime": start, "duration": 1500}
    return {"spanID": number, "operationName": f"GET {number}", "references": references, "tags": kinds, **times}


def jaeger_answer(*spans):
    tags = [{"key": "service.version", "type": "string", "value": "v2"}]
    processes = {"p1": {"serviceName": "order", "tags": tags}}
    return {
        "data": [{"traceID": TRACE, "spans": [{**one, "processID": "p1"} for one in spans], "processes": processes}]
    }


class Tool(BaseHTTPRequestHandler):
    """Answers what a test says and remembers what it was asked."""

    def serve(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.seen.append((self.command, self.path, body, self.headers.get("Authorization")))
        status, answer = self.answers.pop(0)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    do_GET = do_POST = do_PATCH = serve  # noqa: N815

    def log_message(self, *_args):
        pass


@pytest.fixture
def tool():
    class Mine(Tool):
        seen, answers = [], []

    with serving(Mine) as url:
        Mine.url = url
        yield Mine


@pytest.fixture
def connect(api, tmp_path, monkeypatch):
    """Connect to the fake cluster with addresses of tools in the environment."""

    def connected(**urls):
        for name, url in urls.items():
            monkeypatch.setenv(f"{name.upper()}_URL", url)
        return Cluster.connect(api.kubeconfig(tmp_path)).aside()

    return connected


def test_a_trace_is_a_tree_in_order_of_time(tool, connect):
    tool.answers = [
        (200, jaeger_answer(span("b", "a", error=True, start=2_000_000), span("a", "of-a-user", http_route="/x")))
    ]
    trace = Jaeger(connect(jaeger=tool.url)).trace(TRACE)
    first, second = trace.spans
    assert (first.service, first.version, first.name, first.parent_id, first.error) == (
        "order",
        "v2",
        "GET a",
        None,
        False,
    )
    assert (first.start, first.duration, first.attributes["http.route"]) == (1.0, 0.0015, "/x")
    assert (second.parent_id, second.error) == ("a", True)
    assert tool.seen == [("GET", f"/api/traces/{TRACE}", None, None)]


@pytest.mark.parametrize(
    "answer", [(404, {"data": None, "errors": [{"code": 404}]}), (200, {"data": []}), (200, {"data": None})]
)
def test_a_trace_that_is_not_known_is_none(tool, connect, answer):
    tool.answers = [answer]
    assert Jaeger(connect(jaeger=tool.url)).trace(TRACE) is None


def test_lines_are_asked_for_together_and_read_by_their_ecs_names(tool, connect):
    source = {
        "@timestamp": "2026-01-01T00:00:00Z",
        "trace": {"id": TRACE},
        "log.level": "error",
        "http": {"response": {"status_code": 500}},
        "tags": ["a", "b"],
        "empty": None,
        "@version": "1",
        "data_stream": {"dataset": "proving_ground"},
    }
    tool.answers = [(200, {"hits": {"hits": [{"_source": source}]}})]
    [line] = Elasticsearch(connect(elasticsearch=tool.url)).lines([TRACE, "other"])
    assert (line.trace_id, line.time) == (TRACE, "2026-01-01T00:00:00Z")
    assert line.fields == {"log.level": "error", "http.response.status_code": "500", "tags": "a, b"}
    [(method, path, body, _)] = tool.seen
    assert (method, path) == ("POST", "/logs-proving_ground-*/_search")
    assert body["query"]["bool"]["filter"] == [{"terms": {"trace.id": [TRACE, "other"]}}]


def test_no_index_yet_is_no_line(tool, connect):
    tool.answers = [(404, {"error": {"type": "index_not_found_exception"}})]
    assert Elasticsearch(connect(elasticsearch=tool.url)).lines([TRACE]) == []


def test_a_mark_is_made_and_stretched(tool, connect):
    tool.answers = [(200, {"id": 7, "message": "Annotation added"}), (200, {"message": "Annotation patched"})]
    grafana = Grafana(connect(grafana=tool.url.replace("//", "//me:se%40cret@")))
    grafana.stretch(grafana.mark(1000, ["a", "b"], "shift"), 2000)
    login = f"Basic {base64.b64encode(b'me:se@cret').decode()}"
    assert tool.seen == [
        ("POST", "/api/annotations", {"time": 1000, "tags": ["a", "b"], "text": "shift"}, login),
        ("PATCH", "/api/annotations/7", {"timeEnd": 2000}, login),
    ]


def test_the_version_of_prometheus(tool, connect):
    tool.answers = [(200, {"status": "success", "data": {"version": "3.5.0"}})]
    assert Prometheus(connect(prometheus=tool.url)).version() == "3.5.0"


@pytest.mark.parametrize("how", EVERY_WAY)
def test_a_tool_that_is_ill_is_one_line(connect, monkeypatch, how):
    monkeypatch.setattr(ways, "TIMEOUT", 0.3)
    monkeypatch.setattr(ways, "MAX_BYTES", 10)
    with sick(how) as url:
        cluster = connect(jaeger=url, elasticsearch=url, grafana=url)
        for name, ask in (
            ("Jaeger", lambda: Jaeger(cluster).trace(TRACE)),
            ("Elasticsearch", lambda: Elasticsearch(cluster).lines([TRACE])),
            ("Grafana", lambda: Grafana(cluster).mark(1, [], "")),
        ):
            with pytest.raises(BackendError, match=f"^{name} ") as caught:
                ask()
            assert "\n" not in str(caught.value)


@pytest.mark.parametrize("how", [way for way in EVERY_WAY if way not in ("silent", "trickling")])
def test_a_prometheus_that_is_ill_is_no_data(connect, how):
    with sick(how) as url:
        prometheus = Prometheus(connect(prometheus=url))
        for ask in (prometheus.now, prometheus.version, lambda: prometheus.points("up[5s]")):
            with pytest.raises(PrometheusError, match=r"^Prometheus ") as caught:
                ask()
            assert "\n" not in str(caught.value)


def test_a_cluster_without_the_tools_says_so(api, connect):
    cluster = connect()
    api.refuse = lambda method, path: (404, "not found") if path == f"{SERVICES}/prometheus" else None
    for ask in (
        lambda: Jaeger(cluster).trace(TRACE),
        lambda: Elasticsearch(cluster).lines([TRACE]),
        lambda: Grafana(cluster).mark(1, [], ""),
        lambda: Prometheus(cluster).version(),
    ):
        with pytest.raises(Absent, match="namespace observability has no Service"):
            ask()


def test_without_credentials_the_api_server_leads_there(api, connect):
    api.put(f"{SERVICES}/jaeger", {})
    answer, asked = api.answer, []

    def through(method, path, *rest):
        if "/proxy" not in path:
            return answer(method, path, *rest)
        asked.append((method, path))
        return 200, jaeger_answer(span("a"))

    api.answer = through
    assert len(Jaeger(connect()).trace(TRACE).spans) == 1
    assert asked == [("GET", f"{SERVICES}/jaeger:16686/proxy/api/traces/{TRACE}")]


def test_a_secret_that_lacks_a_key_is_told(api, connect):
    api.put(f"{SERVICES}/grafana", {})
    api.put(f"{SECRETS}/grafana", {"data": {"admin-user": "YQ=="}})
    with pytest.raises(BackendError, match="has no admin-password"):
        Grafana(connect()).mark(1, [], "")


def test_an_api_server_that_says_no_is_one_line(api, connect):
    cluster = connect()
    api.refuse = lambda method, path: (403, "services is forbidden")
    with pytest.raises(ClusterError, match=r"Jaeger .observatory. cannot be asked: .*services is forbidden \[403"):
        Jaeger(cluster).trace(TRACE)


# By port-forward


@pytest.fixture
def forwarded(api, connect, tool, monkeypatch):
    """Let a port-forward to the pod of a tool lead to the test's own; return what was asked to be forwarded."""
    api.put(f"{SERVICES}/grafana", {"spec": {"ports": [{"name": "x", "port": 1}, {"name": "http", "port": 3000}]}})
    secret = {"admin-user": "bWU=", "admin-password": "c2VjcmV0"}
    api.put(f"{SECRETS}/grafana", {"data": secret})
    asked = []

    def forward(_cluster, pod, port):
        asked.append((pod, port))
        address = urlsplit(tool.url)
        return socket.create_connection((address.hostname, address.port))

    monkeypatch.setattr(Cluster, "forward", forward)
    return asked


def endpoints(*pods, name="http", port=3001):
    ready = [{"targetRef": {"name": pod}, "conditions": {"ready": is_ready}} for pod, is_ready in pods]
    labels = {"kubernetes.io/service-name": "grafana"}
    return {"metadata": {"labels": labels}, "ports": [{"name": name, "port": port}], "endpoints": ready}


SLICES = "/apis/discovery.k8s.io/v1/namespaces/observability/endpointslices"


def test_credentials_go_by_port_forward_to_a_pod_that_is_ready(api, connect, tool, forwarded):
    api.put(f"{SLICES}/a", endpoints(("other", True), name="x", port=2))
    api.put(f"{SLICES}/b", endpoints(("starting", False), ("grafana-1", True)))
    tool.answers = [(200, {"id": 3})]
    assert Grafana(connect()).mark(1, [], "t") == 3
    assert forwarded == [("grafana-1", 3001)]
    [(method, path, _, login)] = tool.seen
    assert (method, path, login) == ("POST", "/api/annotations", f"Basic {base64.b64encode(b'me:secret').decode()}")


def test_without_a_pod_that_is_ready_nothing_is_forwarded(api, connect, forwarded):
    api.put(f"{SLICES}/b", endpoints(("starting", False)))
    with pytest.raises(BackendError, match=r"Grafana .observatory. has no pod that is ready"):
        Grafana(connect()).mark(1, [], "t")
    assert forwarded == []


class Tools:
    """A namespace with one tool, whose pod is a server of the test."""

    def __init__(self, port):
        self.services = self.endpoint_slices = self
        self._port = port

    def get(self, name):
        return {"spec": {"ports": [{"port": 443}]}}

    def list(self, labels):
        return [{"ports": [{"port": 6443}], "endpoints": [{"targetRef": {"name": "pod"}}]}]

    def forward(self, pod, port):
        return socket.create_connection(("127.0.0.1", self._port))


@pytest.fixture
def encrypted(tmp_path, tool):
    """Serve the tool encrypted, as kubernetes.default.svc, and return its port and its authority."""
    keys = credentials(tmp_path / "keys", "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys.certificate, keys.key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), tool)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_args: None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server.server_address[1], keys.ca.read_text()
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_authority_in_the_secret_has_to_vouch_for_the_tool(encrypted, tool, tmp_path, monkeypatch):
    monkeypatch.setattr(ways, "NAMESPACE", "default")
    port, authority = encrypted
    stranger = credentials(tmp_path / "stranger", "127.0.0.1").ca.read_text()
    tool.answers = [(200, {"it": "is"})]
    login = {"username": "me", "password": "secret"}
    place = ways.Place("X", "kubernetes", 443)
    known = ways.Forward(Tools(port), place, {**login, "ca.crt": authority})
    assert known.send("GET", "/", {"a": "b c"}, None) == {"it": "is"}
    with pytest.raises(ssl.SSLCertVerificationError):
        ways.Forward(Tools(port), place, {**login, "ca.crt": stranger}).send("GET", "/", {}, None)
    assert [path for _, path, _, _ in tool.seen] == ["/?a=b+c"]


def test_the_observatory_is_called_what_it_is(connect):
    cluster = connect()
    assert Jaeger(cluster).name == "Jaeger (observatory)"
    cluster.name = "kind-proving-ground"
    assert Jaeger(cluster).name == "Jaeger"
    named = connect(jaeger="http://127.0.0.1:1")
    assert Jaeger(named).name == "Jaeger", "an address that was named is somebody's own"
