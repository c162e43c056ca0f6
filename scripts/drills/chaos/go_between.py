"""Between a release and Prometheus: answers as one does that is away, late, frozen, emptied or out of its mind.

A release asks whatever PROMETHEUS_URL names. So the same trouble can be made on any cluster, without touching the
Prometheus that others look at.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

# What Prometheus has to say to a path and a query.
Ask = Callable[[str, Mapping[str, str]], Any]
# What the release gets instead: the body of the answer, None for a connection that ends without one.
Mood = Callable[[Callable[[], Any]], bytes | None]
# An answer that is late comes in so many pieces, so that no waiting for the next byte runs out.
PIECES = 20


def well(ask: Callable[[], Any]) -> bytes | None:
    """Answer what Prometheus answers."""
    return json.dumps(ask()).encode()


def gone(ask: Callable[[], Any]) -> bytes | None:
    """Answer nothing: a Service that leads nowhere."""
    del ask
    return None


def mad(ask: Callable[[], Any]) -> bytes | None:
    """Answer as a proxy does that took the place of Prometheus: a page, and the status of a success."""
    del ask
    return b"<html><body>Welcome</body></html>"


def frozen(at: float) -> Mood:
    """Answer what was known at a moment, for ever: a Prometheus that scrapes nothing any more."""
    return lambda ask: json.dumps(kept(ask(), lambda time: time <= at)).encode()


def emptied(at: float) -> Mood:
    """Answer what became known after a moment: a Prometheus that was started again without its data."""
    return lambda ask: json.dumps(kept(ask(), lambda time: time > at)).encode()


def kept(answer: Any, keep: Callable[[float], bool]) -> Any:
    """Return an answer of Prometheus without the points that are not kept, and without series that have none left."""
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, dict) or data.get("resultType") not in ("matrix", "vector"):
        return answer
    one = "value" if data["resultType"] == "vector" else "values"
    found = []
    for series in data["result"]:
        points = [series[one]] if one == "value" else series[one]
        points = [point for point in points if keep(float(point[0]))]
        if points:
            found.append({**series, one: points[0] if one == "value" else points})
    return {**answer, "data": {**data, "result": found}}


class GoBetween:
    """An HTTP server on the loopback interface.

    Args:
        ask: asks the real Prometheus.

    Attributes:
        mood: how questions are answered from now on.
        delay: seconds over which each answer dribbles in.
        asked: how many questions came since the mood changed.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self.mood: Mood = well
        self.delay = 0.0
        self.asked = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, name="go-between", daemon=True).start()

    @property
    def url(self) -> str:
        """Return its address, for PROMETHEUS_URL."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def become(self, mood: Mood, delay: float = 0.0) -> None:
        """Change how questions are answered."""
        self.mood, self.delay, self.asked = mood, delay, 0

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, query: Mapping[str, str]) -> tuple[int, bytes] | None:
        """Return status and body of the answer to one question, None for no answer."""
        self.asked += 1
        try:
            body = self.mood(lambda: self._ask(path, query))
        except Exception as error:  # noqa: BLE001 - whatever keeps Prometheus from answering is its own answer
            return 502, str(error).encode()
        return None if body is None else (200, body)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        between = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                between.carry(self, dict(parse_qsl(urlsplit(self.path).query)))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                between.carry(self, dict(parse_qsl(body.decode())))

            def log_message(self, *_arguments: Any) -> None:
                """Say nothing: the drill's console belongs to the drill."""

        return Handler

    def carry(self, request: BaseHTTPRequestHandler, query: Mapping[str, str]) -> None:
        """Answer one request, piece by piece where answers are late."""
        delay, found = self.delay, self.answer(urlsplit(request.path).path, query)
        request.close_connection = True
        if found is None:
            return
        status, body = found
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        size = max(1, len(body) // (PIECES if delay else 1))
        for start in range(0, len(body), size):
            time.sleep(delay / PIECES)
            request.wfile.write(body[start : start + size])
