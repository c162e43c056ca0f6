"""Around every request: its span, its metrics, its log line and the version header.

Plain WSGI and no Flask hooks, since this runs at every request: the figures of `make bench` depend on this file.
"""

from __future__ import annotations

from collections.abc import Iterable
from time import perf_counter
from typing import TYPE_CHECKING, Any

from opentelemetry import context as context_api
from opentelemetry.trace import format_span_id, format_trace_id, set_span_in_context

from chassis.logs import RequestLog
from chassis.metrics import Metrics
from chassis.telemetry import Telemetry, end_span

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

VERSION_HEADER = "X-App-Version"


class Observer:
    """WSGI middleware that lets a request be seen from outside.

    Args:
        app: what answers the requests.
        version: the version that every response carries.
        metrics: where responses are counted.
        telemetry: where spans come from.
        log: where each request leaves its line.
    """

    def __init__(
        self, app: WSGIApplication, version: str, metrics: Metrics, telemetry: Telemetry, log: RequestLog
    ) -> None:
        self._app = app
        self._version = (VERSION_HEADER, version)
        self._metrics = metrics
        self._telemetry = telemetry
        self._log = log

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        started = perf_counter()
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        span = self._telemetry.start_server_span(method, path, _trace_headers(environ))
        token = context_api.attach(set_span_in_context(span))
        status, route = 500, ""

        def start(line: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            nonlocal status, route
            status, route = int(line[:3]), _route(environ)
            headers.append(self._version)
            return start_response(line, headers, *error)

        self._metrics.in_progress.add(id(environ))
        try:
            return self._app(environ, start)
        finally:
            self._metrics.in_progress.discard(id(environ))
            context_api.detach(token)
            end_span(span, status, f"{method} {route}" if route else method, route)
            self._record(span, method, route, path, status, perf_counter() - started)

    def _record(self, span: Any, method: str, route: str, path: str, status: int, seconds: float) -> None:
        context = span.get_span_context()
        trace_id, span_id = format_trace_id(context.trace_id), format_span_id(context.span_id)
        exemplar = {"trace_id": trace_id, "span_id": span_id} if context.trace_flags.sampled else None
        self._metrics.observe(method, route, status, seconds, exemplar)
        readable = path if path.isascii() else path.encode("latin-1").decode(errors="replace")
        self._log.write(method, route, readable, status, seconds, trace_id, span_id)


def _trace_headers(environ: WSGIEnvironment) -> dict[str, str]:
    parent = environ.get("HTTP_TRACEPARENT")
    if not parent:
        return {}
    state = environ.get("HTTP_TRACESTATE")
    return {"traceparent": parent, "tracestate": state} if state else {"traceparent": parent}


def _route(environ: WSGIEnvironment) -> str:
    """Return the pattern that Flask matched, empty for none; Flask forgets it as soon as it has answered."""
    request = environ.get("werkzeug.request")
    rule = request.url_rule if request is not None else None
    return rule.rule if rule is not None else ""
