"""The route of bench.bare: spans by FlaskInstrumentor, metrics by prometheus-flask-exporter, a JSON line a request.

It runs in an environment of its own (see environment.py), so that these libraries are nobody's dependency.
"""

from __future__ import annotations

import json
import logging
import sys
import time

from flask import Flask, Response, g, request
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.flask import FlaskInstrumentor  # type: ignore[import-not-found]
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from prometheus_client import CollectorRegistry
from prometheus_flask_exporter import PrometheusMetrics  # type: ignore[import-not-found]

from bench import bare

_log = logging.getLogger("requests")


class JsonFormatter(logging.Formatter):
    """One JSON object a line, as log collectors like it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record whose arguments are its fields."""
        said = {"event": record.msg, "level": record.levelname.lower(), "time": self.formatTime(record)}
        return json.dumps(said | vars(record).get("fields", {}))


def create_app() -> Flask:
    """Return the application; spans go where OTEL_EXPORTER_OTLP_ENDPOINT says."""
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _log_to_stdout()
    app = bare.create_app()
    app.before_request(_start)
    app.after_request(_write)
    FlaskInstrumentor().instrument_app(app, tracer_provider=provider)
    PrometheusMetrics(app, group_by="url_rule", registry=CollectorRegistry())
    return app


def _log_to_stdout() -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)


def _start() -> None:
    g.started = time.perf_counter()


def _write(response: Response) -> Response:
    context = trace.get_current_span().get_span_context()
    fields = {
        "method": request.method,
        "path": request.path,
        "status": response.status_code,
        "duration_ms": round((time.perf_counter() - g.started) * 1000, 3),
        "trace_id": trace.format_trace_id(context.trace_id),
        "span_id": trace.format_span_id(context.span_id),
    }
    _log.info("request", extra={"fields": fields})
    return response
