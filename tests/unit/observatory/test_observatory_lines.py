"""What becomes of one line of a log."""

import json

import pytest

from embedded.observatory import lines
from embedded.observatory.fields import document, microseconds, timestamp
from embedded.observatory.follower import PROXY
from embedded.observatory.lines import Origin
from embedded.observatory.pods import Pod

NOW = 1_700_000_000_000_000
TRACE = "0af7651916cd43dd8448eb211c80319c"
ORIGIN = Origin(Pod("shop", "order-1", "order", "v2", "canary"), "app")
REQUEST = {
    "event": "request",
    "level": "error",
    "time": "2026-11-24T12:00:00.123456Z",
    "service": "order",
    "version": "v2",
    "method": "GET",
    "route": "/orders/<id>",
    "path": "/orders/7",
    "status": 503,
    "duration_ms": 1.5,
    "trace_id": TRACE,
    "span_id": "b7ad6b7169203331",
}
ACCESS = {
    "listener": "gateway",
    "time": "2026-11-24T12:00:00.123Z",
    "method": "GET",
    "authority": "shop.local",
    "path": "/orders/7?full=1",
    "status": 503,
    "response_flags": "UF",
    "duration_ms": 4,
    "route": "order.default",
    "upstream_cluster": "outbound|8080|canary|order.shop.svc.cluster.local",
    "upstream_host": "127.16.1.5:8080",
    "upstream_attempts": 1,
    "request_id": "r",
    "traceparent": f"00-{TRACE}-b7ad6b7169203331-01",
}


def shown(line, origin=ORIGIN):
    """Return the document of a line."""
    pod = origin.pod
    where = {"namespace": pod.namespace, "pod": pod.name, "container": origin.container, "track": pod.track}
    values = {**line._asdict(), **where}
    order = ("time", "message", "level", "service", "version", "trace", "span", "dataset", "duration", "method")
    order += ("route", "status", "path", "namespace", "pod", "container", "track", "more")
    return document(tuple(values[name] for name in order))


def of_container(content):
    return shown(lines.of_container(content if isinstance(content, str) else json.dumps(content), ORIGIN, NOW))


def of_proxy(at=lambda _address: None, **changes):
    return shown(lines.of_proxy(json.dumps({**ACCESS, **changes}), PROXY, NOW, at), PROXY)


def test_the_line_of_a_request():
    assert of_container(REQUEST) == {
        "@timestamp": "2026-11-24T12:00:00.123456Z",
        "message": "request",
        "log": {"level": "error"},
        "service": {"name": "order", "version": "v2"},
        "trace": {"id": TRACE},
        "span": {"id": "b7ad6b7169203331"},
        "event": {"dataset": "order.log", "duration": 1_500_000},
        "http": {"request": {"method": "GET"}, "route": "/orders/<id>", "response": {"status_code": 503}},
        "url": {"path": "/orders/7"},
        "kubernetes": {
            "namespace": "shop",
            "pod": {"name": "order-1"},
            "container": {"name": "app"},
            "labels": {"track": "canary"},
        },
    }


def test_what_has_no_field_becomes_a_label():
    found = of_container({"event": "stopping", "level": "WARNING", "a.b": 3, "logger": "gunicorn", "exception": "e"})
    assert (found["message"], found["log"]) == ("stopping", {"level": "warning", "logger": "gunicorn"})
    assert (found["labels"], found["error"]) == ({"a.b": 3}, {"stack_trace": "e"})
    assert found["service"] == {"name": "order", "version": "v2"}


@pytest.mark.parametrize("raw", ["Traceback (most recent call last):", "{not json", "[1]", '"text"', "{}"])
def test_a_line_that_is_no_object_is_a_message(raw):
    found = of_container(raw)
    assert (found["message"], found["@timestamp"]) == (raw, timestamp(NOW))
    assert found["service"] == {"name": "order", "version": "v2"}
    assert (found["event"]["dataset"], found["tags"]) == ("unparsed", ["_unparsed"])
    assert "log" not in found


@pytest.mark.parametrize("time", [None, 7, "yesterday", ""])
def test_a_line_without_a_sound_time_is_of_now(time):
    assert of_container({**REQUEST, "time": time})["@timestamp"] == timestamp(NOW)


def test_a_line_of_odd_values_is_kept():
    found = of_container({"event": 5, "status": "none", "duration_ms": "long", "level": None, "trace_id": None})
    assert found["message"] == "5"
    assert "http" not in found


def test_a_line_of_the_proxy_tells_whom_it_asked():
    asked = Pod("shop", "order-canary-1", "order", "v2", "canary")
    found = of_proxy({"127.16.1.5:8080": asked}.get)
    assert found["trace"] == {"id": TRACE}
    assert found["event"] == {"dataset": "proxy.access", "duration": 4_000_000}
    assert (found["log"]["level"], found["service"]["name"]) == ("error", "istio-ingressgateway")
    assert found["url"]["path"] == "/orders/7"
    assert "route" not in found["http"]
    assert (found["url"]["original"], found["labels"]["route"]) == ("/orders/7?full=1", "order.default")
    assert found["labels"]["upstream_version"] == "v2"
    assert found["labels"]["upstream_pod"] == "order-canary-1"
    assert found["envoy"]["upstream_cluster"] == ACCESS["upstream_cluster"]
    assert found["envoy"]["response_flags"] == "UF"


@pytest.mark.parametrize(("status", "level"), [(200, "info"), (404, "info"), (500, "error"), (0, "error")])
def test_the_level_of_a_line_of_the_proxy(status, level):
    assert of_proxy(status=status)["log"]["level"] == level


def test_the_proxy_between_pods_has_its_namespace():
    assert of_proxy(listener="outbound|shop")["service"]["name"] == "sidecars.shop"


def test_the_trace_that_the_proxy_began_wins():
    assert of_proxy(trace_id="a" * 32)["trace"]["id"] == "a" * 32
    assert of_proxy(trace_id="0" * 32)["trace"]["id"] == TRACE
    assert "trace" not in of_proxy(trace_id=None, traceparent=None)


def test_a_broken_line_of_the_proxy_is_a_message():
    found = shown(lines.of_proxy("{broken", PROXY, NOW, lambda _address: None), PROXY)
    assert (found["message"], found["event"]["dataset"]) == ("{broken", "unparsed")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24T12:00:00.123456Z", 1795521600123456),
        ("2026-11-24T13:00:00+01:00", 1795521600000000),
        ("2026-11-24T12:00:00", 1795521600000000),
        (1795521600123, 1795521600123000),
        ("1795521600123", 1795521600123000),
    ],
)
def test_times_of_a_query(text, expected):
    assert microseconds(text) == expected
    assert microseconds(timestamp(expected)) == expected


@pytest.mark.parametrize("text", ["now-5m", "", True, None])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        microseconds(text)
