"""The go-between answers as each kind of Prometheus does, and never takes away more than that."""

import time

import pytest

from cluster.client import Cluster
from cluster.errors import PrometheusError
from cluster.prometheus import Prometheus
from cluster.settings import Settings
from drills.chaos.go_between import GoBetween, emptied, frozen, gone, kept, mad, well

MATRIX = {
    "status": "success",
    "data": {
        "resultType": "matrix",
        "result": [
            {"metric": {"__name__": "a"}, "values": [[10, "1"], [20, "2"], [30, "3"]]},
            {"metric": {"__name__": "b"}, "values": [[10, "5"]]},
        ],
    },
}
VECTOR = {"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [20, "2"]}]}}
SCALAR = {"status": "success", "data": {"resultType": "scalar", "result": [99, "99"]}}


class Upstream:
    def __init__(self):
        self.asked = []

    def __call__(self, path, query):
        self.asked.append((path, dict(query)))
        return SCALAR if query["query"] == "time()" else MATRIX


@pytest.fixture
def upstream():
    return Upstream()


@pytest.fixture
def between(upstream):
    made = GoBetween(upstream)
    yield made
    made.close()


@pytest.fixture
def prometheus(between):
    settings = Settings("k", None, "shop", None, between.url, confirmed=False)
    return Prometheus(Cluster(type("Wire", (), {"name": "c"})(), settings))


def points(prometheus):
    return {each.labels["__name__"]: each.points for each in prometheus.points("x[60s]")}


def test_it_passes_on_what_is_asked_and_what_is_answered(prometheus, upstream):
    assert points(prometheus)["a"] == ((10.0, 1.0), (20.0, 2.0), (30.0, 3.0))
    assert upstream.asked == [("/api/v1/query", {"query": "x[60s]"})]


def test_one_that_is_frozen_learns_nothing_new_but_knows_the_time(prometheus, between):
    between.become(frozen(20))
    assert points(prometheus) == {"a": ((10.0, 1.0), (20.0, 2.0)), "b": ((10.0, 5.0),)}
    assert prometheus.now() == 99


def test_one_that_was_emptied_knows_only_what_came_after(prometheus, between):
    between.become(emptied(20))
    assert points(prometheus) == {"a": ((30.0, 3.0),)}


@pytest.mark.parametrize("mood", [gone, mad])
def test_one_that_is_no_prometheus_cannot_be_asked(prometheus, between, mood):
    between.become(mood)
    with pytest.raises(PrometheusError):
        prometheus.now()
    assert between.asked == 1
    between.become(well)
    assert prometheus.now() == 99


def test_late_answers_come_whole(prometheus, between):
    between.become(well, delay=0.4)
    begun = time.monotonic()
    assert prometheus.now() == 99
    assert time.monotonic() - begun >= 0.3


def test_an_upstream_that_fails_is_no_answer(between, prometheus, upstream):
    between.become(lambda ask: ask().nothing)
    with pytest.raises(PrometheusError):
        prometheus.now()


def test_only_points_are_taken_away():
    assert kept(SCALAR, lambda _time: False) == SCALAR
    assert kept(VECTOR, lambda time: time > 20)["data"]["result"] == []
    assert kept(VECTOR, lambda time: time >= 20) == VECTOR
    assert kept({"status": "error"}, lambda _time: False) == {"status": "error"}
