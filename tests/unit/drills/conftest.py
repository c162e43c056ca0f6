"""A small shop on the loopback interface, so that the prober can be tested against real sockets."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Shop(BaseHTTPRequestHandler):
    """Both services in one: answers from what it is asked, drops or delays what a test says."""

    protocol_version = "HTTP/1.1"

    def respond(self, status, body):
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(payload)))
        self.send_header("X-App-Version", "v1")
        self.end_headers()
        self.wfile.write(payload)

    def handle_any(self):
        length = int(self.headers.get("Content-Length", 0))
        sent = json.loads(self.rfile.read(length)) if length else {}
        server = self.server
        with server.lock:
            number = server.count = server.count + 1
            server.seen.append((self.command, self.path, self.headers["traceparent"], self.headers["Idempotency-Key"]))
        if server.drop(self, number):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.respond(*server.answer(self, sent, number))

    do_GET = do_POST = handle_any  # noqa: N815 - the names that http.server looks for

    def log_message(self, *args):
        pass


def right_answer(request, sent, number):
    path = request.path
    if request.command == "POST" and path == "/users":
        return 201, {"id": f"u{number}", **sent}
    if request.command == "POST":
        total = sum(item["quantity"] * item["unit_price_cents"] for item in sent["items"])
        made = {"id": f"o{number}", "user_id": sent["user_id"], "total_cents": total}
        order = request.server.placed.setdefault(request.headers["Idempotency-Key"], made)
        request.server.owners[order["id"]] = order["user_id"]
        return 201, order
    if path.startswith("/orders?"):
        return 200, {"items": [{"id": "o", "user_id": path.partition("user_id=")[2].partition("&")[0]}]}
    if path == "/users":
        return 200, {"items": [{"id": "u"}]}
    name = path.rpartition("/")[2]
    return 200, {"id": name, "user_id": request.server.owners.get(name)}


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Shop)
        self.lock = threading.Lock()
        self.count = 0
        self.seen = []
        self.owners = {}
        self.placed = {}
        self.drop = lambda request, number: False
        self.answer = self.right_answer = right_answer

    def handle_error(self, *args):
        pass

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
