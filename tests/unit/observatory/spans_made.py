"""Spans as a service would send them."""

import time

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

TRACE = "0af7651916cd43dd8448eb211c80319c"
PROTOBUF = {"Content-Type": "application/x-protobuf"}
NOW = int(time.time() * 1_000_000)


def attribute(key, value):
    kind = {bool: "bool_value", int: "int_value", float: "double_value", str: "string_value"}[type(value)]
    return KeyValue(key=key, value=AnyValue(**{kind: value}))


def span(name="GET /orders", trace=TRACE, number=1, parent=None, start=NOW, duration=1500, error=False, **attributes):
    """Return one span; times in µs."""
    return Span(
        trace_id=bytes.fromhex(trace),
        span_id=number.to_bytes(8),
        parent_span_id=parent.to_bytes(8) if parent else b"",
        name=name,
        kind=Span.SPAN_KIND_SERVER,
        start_time_unix_nano=start * 1000,
        end_time_unix_nano=(start + duration) * 1000,
        status=Status(code=Status.STATUS_CODE_ERROR) if error else None,
        attributes=[attribute(key.replace("__", "."), value) for key, value in attributes.items()],
    )


def request(*spans, service="order", version="v1", **resource):
    """Return the request that exports some spans of one service."""
    made = ExportTraceServiceRequest()
    of = made.resource_spans.add()
    named = {"service.name": service, "service.version": version}
    named |= {key.replace("__", "."): value for key, value in resource.items()}
    of.resource.attributes.extend(attribute(key, value) for key, value in named.items())
    scope = of.scope_spans.add()
    scope.scope.name = "chassis"
    scope.spans.extend(spans)
    return made


async def send(observatory, *spans, **of):
    """Send some spans; they are taken."""
    body = request(*spans, **of).SerializeToString()
    async with observatory.client.post("/v1/traces", data=body, headers=PROTOBUF) as answer:
        assert (answer.status, await answer.read()) == (200, b"")
