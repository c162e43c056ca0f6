"""Requests that leave on schedule, and what their users waited."""

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench import load, open_loop
from bench.open_loop import Latency


@pytest.fixture
def server():
    """Serve a status that is given; gives the handler, which counts, and the port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        status, asked, stalls = 200, 0, threading.Event()

        def do_GET(self):
            type(self).asked += 1
            if type(self).asked == 1:
                self.stalls.wait(10)
            self.send_response(self.status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")
            if type(self).asked >= 20:
                self.stalls.set()

        def log_message(self, *_arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield Handler, server.server_address[1]
    server.shutdown()
    server.server_close()


def run(port):
    return asyncio.run(open_loop.run("127.0.0.1", port, "/", rate=100, seconds=0.2))


def test_schedule_goes_on_while_an_answer_stalls(server):
    handler, port = server
    latency = run(port)
    # The first answer is held back until the twentieth request has come: a closed loop would never have sent it.
    assert handler.asked == 20
    assert latency.p99_ms > latency.p50_ms


def test_error_is_no_latency(server):
    handler, port = server
    handler.status = 500
    with pytest.raises(load.LoadError, match="500"):
        run(port)


def test_percentiles_are_times_that_somebody_waited():
    latency = Latency.of([number / 1000 for number in range(1, 101)])
    assert (latency.p50_ms, latency.p99_ms) == (50, 99)
    assert Latency.of([0.007]) == Latency(7, 7)


def test_middle_is_taken_of_each_percentile():
    assert open_loop.middle([Latency(1, 30), Latency(2, 10), Latency(3, 20)]) == Latency(2, 20)
