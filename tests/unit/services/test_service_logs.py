"""One JSON line a request, with what finds the request again."""

import json

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def lines(capfd):
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_request_is_one_line(user, capfd):
    lines(capfd)
    user.get("/users/1?secret=1", headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
    [line] = lines(capfd)
    assert line["duration_ms"] > 0
    assert len(line["span_id"]) == 16
    assert line | {"duration_ms": 0, "span_id": "", "time": ""} == {
        "event": "request",
        "level": "info",
        "time": "",
        "service": "user",
        "version": "v2",
        "method": "GET",
        "route": "/users/<user_id>",
        "path": "/users/1",
        "status": 404,
        "duration_ms": 0,
        "trace_id": TRACE,
        "span_id": "",
    }


def test_path_cannot_break_the_line(user, capfd):
    lines(capfd)
    user.get("/%22%0a%7b%C3%A4%ff")
    [line] = lines(capfd)
    assert line["path"] == '/"\n{ä\ufffd'


def test_bug_leaves_its_traceback_with_the_same_trace_id(user, capfd, monkeypatch):
    monkeypatch.setattr(user.application.view_functions["list_users"].__self__, "_store", None)
    lines(capfd)
    user.get("/users")
    bug, request = lines(capfd)
    assert request["level"] == bug["level"] == "error"
    assert bug["trace_id"] == request["trace_id"]
    assert "Traceback" in bug["exception"]
