"""Prometheus: values, points, and the three things that are not the same: zero, nothing, and no answer."""

import contextlib
import math
import threading
from http.server import BaseHTTPRequestHandler

import pytest
from tests.unit.cluster.fake_api import PROXY, FakeApi, serving

from cluster import prometheus
from cluster.client import Cluster
from cluster.errors import PrometheusError
from cluster.prometheus import Prometheus


def vector(*values):
    return {
        "resultType": "vector",
        "result": [{"metric": {"n": str(n)}, "value": [5.5, v]} for n, v in enumerate(values)],
    }


def test_values_come_with_labels_and_times(cluster, api: FakeApi):
    api.ask_prometheus = lambda query: vector("3", "NaN")
    first, second = Prometheus(cluster).instant("up")
    assert (first.value, first.labels, first.timestamp) == (3.0, {"n": "0"}, 5.5)
    assert math.isnan(second.value)


def test_nothing_is_not_zero(cluster, api: FakeApi):
    api.ask_prometheus = lambda query: vector()
    assert Prometheus(cluster).instant("up") == []
    api.ask_prometheus = lambda query: vector("0")
    assert [sample.value for sample in Prometheus(cluster).instant("up")] == [0.0]


def test_points_are_those_that_were_stored(cluster, api: FakeApi):
    stored = [[1.0, "2"], [1.5, "4"]]
    api.ask_prometheus = lambda query: {"resultType": "matrix", "result": [{"metric": {}, "values": stored}]}
    assert Prometheus(cluster).points("up[5s]")[0].points == ((1.0, 2.0), (1.5, 4.0))


def test_the_clock_is_prometheus_own(cluster, api: FakeApi):
    api.ask_prometheus = lambda query: {"resultType": "scalar", "result": [7.25, "7.25"]} if query == "time()" else None
    assert Prometheus(cluster).now() == 7.25


def test_the_wrong_kind_of_answer_is_told(cluster, api: FakeApi):
    api.ask_prometheus = lambda query: vector("1")
    with pytest.raises(PrometheusError, match="a range selector is needed"):
        Prometheus(cluster).points("up")
    api.ask_prometheus = lambda query: {"resultType": "matrix", "result": []}
    with pytest.raises(PrometheusError, match="an instant vector is needed"):
        Prometheus(cluster).instant("up[5s]")


@pytest.mark.parametrize("code", [404, 503])
def test_a_prometheus_that_is_away_is_one_line(cluster, api: FakeApi, monkeypatch, code):
    answer = api.answer
    api.answer = lambda method, path, *rest: (
        (code, {"message": "no endpoints available"}) if path == PROXY else answer(method, path, *rest)
    )
    with pytest.raises(PrometheusError) as error:
        Prometheus(cluster).instant("up")
    assert "no endpoints available" in str(error.value)
    assert "\n" not in str(error.value)


def test_an_address_in_the_environment_comes_first(monkeypatch, tmp_path, api: FakeApi):
    monkeypatch.setenv("PROMETHEUS_URL", f"{api.url}/api/v1/namespaces/observability/services/prometheus:9090/proxy")
    api.ask_prometheus = lambda query: vector("1")
    with Cluster.connect(api.kubeconfig(tmp_path)) as cluster:
        assert Prometheus(cluster).instant("up")[0].value == 1.0
    monkeypatch.setenv("PROMETHEUS_URL", "http://127.0.0.1:1")
    with (
        Cluster.connect(api.kubeconfig(tmp_path)) as cluster,
        pytest.raises(PrometheusError, match=r"127\.0\.0\.1:1: "),
    ):
        Prometheus(cluster).instant("up")


def test_a_page_that_is_no_prometheus_is_told(cluster, api: FakeApi):
    answer = api.answer
    api.answer = lambda method, path, *rest: (200, ["hello"]) if path == PROXY else answer(method, path, *rest)
    with pytest.raises(PrometheusError, match="refuses up"):
        Prometheus(cluster).instant("up")


@pytest.mark.parametrize("direct", [True, False])
def test_an_answer_that_trickles_in_is_no_answer(monkeypatch, tmp_path, api: FakeApi, direct):
    monkeypatch.setattr(prometheus, "TIMEOUT", 0.5)
    reached, ended = threading.Event(), threading.Event()

    class Trickling(BaseHTTPRequestHandler):
        def log_message(self, *_args):
            """Keep quiet."""

        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            if not self.path.endswith("query=up"):
                self.wfile.write(b"{}")
                return
            reached.set()
            while not ended.wait(0.05):
                self.wfile.write(b" ")
                self.wfile.flush()

    with serving(Trickling) as url, contextlib.ExitStack() as after:
        after.callback(ended.set)
        if direct:
            monkeypatch.setenv("PROMETHEUS_URL", url)
        kubeconfig = api.kubeconfig(tmp_path)
        if not direct:
            kubeconfig.write_text(kubeconfig.read_text().replace(api.url, url))
        with Cluster.connect(kubeconfig) as cluster, pytest.raises(PrometheusError, match=r"not answer within 0\.5 s"):
            Prometheus(cluster).instant("up")
    assert reached.is_set()
