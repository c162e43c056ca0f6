"""Serves the world's series and a service's own page over HTTP, for Prometheus to read."""

import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.dashboards import world

from chassis.metrics import Metrics

# Requests of each second that the service answers, by route and code; the probes of the kubelet are among them.
ANSWERS = {("/orders", 200): 8, ("/orders", 503): 2, ("/readyz", 200): 5}
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PLAIN = "text/plain; version=0.0.4"


class Service:
    """Counts with the code that the services count with, as often as time has passed."""

    def __init__(self, version):
        self._metrics = Metrics("order", version)
        self._counted = dict.fromkeys(ANSWERS, 0)

    def page(self, seconds, accept):
        for (route, code), rate in ANSWERS.items():
            while self._counted[route, code] < int(rate * seconds * 10) + 1:
                self._counted[route, code] += 1
                self._metrics.observe("GET", route, code, 0.02, {"trace_id": TRACE, "span_id": TRACE[:16]})
        return self._metrics.expose(accept)


class Server(ThreadingHTTPServer):
    """Says nothing of a reader that has left: on a busy machine Prometheus gives a scrape up."""

    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serving(series):
    """Give the port at which /world, /v1 and /v2 can be scraped."""
    began, lock = time.monotonic(), threading.Lock()
    services = {"/v1": Service("v1"), "/v2": Service("v2")}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            seconds = time.monotonic() - began
            with lock:
                if self.path in services:
                    content, kind = services[self.path].page(seconds, self.headers.get("Accept", ""))
                else:
                    content, kind = world.page(series, seconds).encode(), PLAIN
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
