"""Collectors as processes on loopback: the platform's own configuration, but for addresses and what needs a cluster."""

import contextlib
import http.server
import json
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest
import yaml

# Patience of a busy machine, not something that is measured.
DEADLINE = 30.0


def program(name):
    """Return the path of a program, or skip the test."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not on PATH")
    return found


def free_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


def on_loopback(config):
    """Return a configuration with ports of its own on loopback, and those ports by the ones that they stand for."""
    ports = {}

    def moved(value):
        if isinstance(value, dict):
            return {key: moved(each) for key, each in value.items()}
        if isinstance(value, str) and value.startswith("0.0.0.0:"):
            return f"127.0.0.1:{ports.setdefault(int(value.rpartition(':')[2]), free_port())}"
        return value

    config = moved(config)
    own = config["service"]["telemetry"]["metrics"]["readers"][0]["pull"]["exporter"]["prometheus"]
    ports[own["port"]] = own["port"] = free_port()
    own["host"] = "127.0.0.1"
    return config, ports


@contextlib.contextmanager
def running(binary, config, folder, ready):
    """Run a collector until the block is left; `ready` is an address that answers once it has started."""
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([binary, f"--config={folder}/config.yaml"], stdout=log, stderr=log)
    try:
        until(lambda: process.poll() is not None or answers(ready), "it starts")
        assert process.poll() is None, (folder / "log").read_text()
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(DEADLINE)


def answers(url):
    with contextlib.suppress(OSError):
        return get(url) is not None
    return False


def get(url, accept="*/*"):
    request = urllib.request.Request(url, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=5) as response:
        return response.read().decode()


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as response:
        assert response.status == 200


def until(condition, what):
    """Wait until a condition holds and return what it returned; `what` says it in words."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {DEADLINE:g} s: {what}")


@contextlib.contextmanager
def sink():
    """Stand where traces are stored: yields the address, and the spans that arrived by the ids of their traces."""
    spans = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            for span in spans_of(body):
                spans.setdefault(span["traceId"], []).append(span)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_message):
            """Keep quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", spans
    finally:
        server.shutdown()
        server.server_close()


def spans_of(body):
    return [span for each in body["resourceSpans"] for scope in each["scopeSpans"] for span in scope["spans"]]


def attributes(**values):
    """Return attributes as OTLP/JSON has them; `__` stands for a dot."""
    return [{"key": key.replace("__", "."), "value": _value(value)} for key, value in values.items()]


def _value(value):
    return {"intValue": value} if isinstance(value, int) else {"stringValue": value}


def trace(number, *, milliseconds=5, error=False, state="", resource=(), **values):
    """Return a trace of one span in OTLP/JSON; its id is made of the number, evenly as chance would."""
    end = time.time_ns()
    span = {
        "traceId": f"{(number * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128:032x}",
        "spanId": f"{number:016x}",
        "traceState": state,
        "name": "GET /orders",
        "kind": 2,
        "startTimeUnixNano": str(end - milliseconds * 1_000_000),
        "endTimeUnixNano": str(end),
        "attributes": attributes(**values),
        "status": {"code": 2} if error else {},
    }
    about = attributes(service__name="order", service__version="v1", track="stable", **dict(resource))
    return {"resourceSpans": [{"resource": {"attributes": about}, "scopeSpans": [{"spans": [span]}]}]}
