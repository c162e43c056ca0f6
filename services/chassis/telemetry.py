"""Tracing with the OpenTelemetry SDK, called by hand: half the cost of the automatic instrumentation of Flask.

The standard variables decide: OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG what is sampled,
OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT where it goes, OTEL_PROPAGATORS how it is passed on.
Without an endpoint nothing is sent, and the ids still appear in logs and exemplars.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    INVALID_SPAN_CONTEXT,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
)
from opentelemetry.trace.propagation import set_span_in_context

from chassis import tracecontext
from chassis.sampling import Sampling, TraceIds

# What a dead collector may cost at exit: the last spans are worth a moment, never the grace period of the pod.
FLUSH_SECONDS = 1.0

# Asked by the platform all day long: their traces would outnumber those of the users.
UNTRACED = frozenset({"/livez", "/readyz", "/metrics"})

_NOTHING = TraceFlags(TraceFlags.DEFAULT)
_RANDOM = TraceFlags(TraceFlags.RANDOM_TRACE_ID)
EVERY_REQUEST = Sampling("parentbased_always_on", 1.0)


class Telemetry:
    """The tracer of one service.

    Args:
        service: name of the service.
        version: its version.
        exports: whether spans are sent anywhere.
        sampling: which requests are traced; all, if nothing is said.
    """

    def __init__(self, service: str, version: str, *, exports: bool, sampling: Sampling = EVERY_REQUEST) -> None:
        resource = Resource.create({"service.name": service, "service.version": version})
        # Its own handler at exit would wait for a dead collector far longer than FLUSH_SECONDS.
        self._ids = TraceIds()
        self.provider = TracerProvider(resource=resource, id_generator=self._ids, shutdown_on_exit=False)
        self._tracer = self.provider.get_tracer("chassis", version)
        self._exports = exports
        self._sampling = sampling

    def start_export(self) -> None:
        """Begin to send spans; called in the process that serves, since threads do not survive a fork."""
        if self._exports:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

            self.provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=FLUSH_SECONDS)))

    def stop_export(self) -> None:
        """Send what is left, for as long as FLUSH_SECONDS allow."""
        flush = threading.Thread(target=self.provider.shutdown, daemon=True)
        flush.start()
        flush.join(FLUSH_SECONDS)

    def start_server_span(self, method: str, path: str, headers: Mapping[str, str]) -> Span:
        """Start the span of an incoming request, as a child of the caller's if it names one.

        Args:
            method: HTTP method.
            path: path of the request, without the query.
            headers: the trace context headers, by lower-case name.
        """
        caller = tracecontext.extract(headers) if headers else INVALID_SPAN_CONTEXT
        trace_id = caller.trace_id or self._ids.generate_trace_id()
        # Asked first: where one request in ten is traced, the SDK's own way costs 3 % of the throughput.
        if self._sampling.drops(trace_id, caller) or (path in UNTRACED and not caller.is_valid):
            return self._unrecorded(trace_id, caller)
        if not caller.is_valid:
            self._ids.use(trace_id)
        parent = set_span_in_context(NonRecordingSpan(caller), tracecontext.ROOT)
        attributes = {"http.request.method": method, "url.path": path}
        return self._tracer.start_span(method, context=parent, kind=SpanKind.SERVER, attributes=attributes)

    def _unrecorded(self, trace_id: int, caller: SpanContext) -> Span:
        """Return a span that is never sent, with ids for the log and for the services that are asked meanwhile."""
        random = not caller.is_valid or caller.trace_flags.random_trace_id
        flags = _RANDOM if random else _NOTHING
        return NonRecordingSpan(
            SpanContext(
                trace_id,
                self._ids.generate_span_id(),
                is_remote=False,
                trace_flags=flags,
                trace_state=caller.trace_state,
            )
        )

    def start_client_span(self, method: str, url: str) -> Span:
        """Start the span of an outgoing request, as a child of the current one."""
        attributes = {"http.request.method": method, "url.full": url}
        return self._tracer.start_span(method, kind=SpanKind.CLIENT, attributes=attributes)

    def start_query_span(self, system: str, operation: str, table: str, statement: str) -> Span:
        """Start the span of a statement, named as OpenTelemetry's conventions for databases say.

        Args:
            system: kind of the database, such as postgresql.
            operation: what is done, such as SELECT.
            table: what it is done with.
            statement: the statement, with placeholders instead of values.
        """
        attributes = {
            "db.system.name": system,
            "db.operation.name": operation,
            "db.collection.name": table,
            "db.query.text": statement,
        }
        return self._tracer.start_span(f"{operation} {table}", kind=SpanKind.CLIENT, attributes=attributes)


def end_span(span: Span, status: int, name: str = "", route: str = "", fails_from: int = 500) -> None:
    """End the span of a request.

    Args:
        span: the span.
        status: HTTP status of the response.
        name: better name for the span, now that the route is known.
        route: the route that answered.
        fails_from: lowest status that marks the span as failed: 500 for a server, 400 for a client.
    """
    if span.is_recording():
        attributes: dict[str, int | str] = {"http.response.status_code": status}
        if route:
            attributes["http.route"] = route
        span.set_attributes(attributes)  # at once: a span takes its lock at every call
        if name:
            span.update_name(name)
        if status >= fails_from:
            span.set_status(Status(StatusCode.ERROR))
    span.end()
