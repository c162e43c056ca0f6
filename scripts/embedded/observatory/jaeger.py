"""A trace in the JSON of Jaeger's query API."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from embedded.observatory.values import plain, tag

Object = dict[str, Any]
_KINDS = {
    Span.SPAN_KIND_INTERNAL: "internal",
    Span.SPAN_KIND_SERVER: "server",
    Span.SPAN_KIND_CLIENT: "client",
    Span.SPAN_KIND_PRODUCER: "producer",
    Span.SPAN_KIND_CONSUMER: "consumer",
}


def answer(data: Any, total: int = 0, errors: list[Object] | None = None) -> Object:
    """Return what stands around every answer."""
    return {"data": data, "total": total, "limit": 0, "offset": 0, "errors": errors}


def trace(trace_id: str, spans: Iterable[tuple[Span, str, Object]]) -> Object:
    """Return one trace.

    Args:
        trace_id: its id, hexadecimal.
        spans: each span, its scope, and the attributes of its resource.
    """
    processes: dict[str, Object] = {}
    numbers: dict[str, str] = {}
    shown = []
    for each, scope, attributes in spans:
        process = numbers.setdefault(json.dumps(attributes), f"p{len(numbers) + 1}")
        processes.setdefault(process, _process(attributes))
        shown.append(_span(trace_id, each, scope, process))
    return {"traceID": trace_id, "spans": shown, "processes": processes, "warnings": None}


def _process(attributes: Object) -> Object:
    tags = [tag(key, value) for key, value in attributes.items() if key != "service.name"]
    return {"serviceName": attributes.get("service.name") or "unknown_service", "tags": tags}


def _span(trace_id: str, span: Span, scope: str, process: str) -> Object:
    start = span.start_time_unix_nano // 1000
    return {
        "traceID": trace_id,
        "spanID": span.span_id.hex(),
        "operationName": span.name,
        "references": list(_references(trace_id, span)),
        "startTime": start,
        "duration": max(span.end_time_unix_nano // 1000 - start, 0),
        "tags": tags(span, scope),
        "logs": [_event(event) for event in span.events],
        "processID": process,
        "warnings": None,
    }


def _references(trace_id: str, span: Span) -> Iterable[Object]:
    if span.parent_span_id:
        yield {"refType": "CHILD_OF", "traceID": trace_id, "spanID": span.parent_span_id.hex()}
    for link in span.links:
        yield {"refType": "FOLLOWS_FROM", "traceID": link.trace_id.hex(), "spanID": link.span_id.hex()}


def tags(span: Span, scope: str) -> list[Object]:
    """Return the attributes of a span, and what else of it Jaeger shows as tags."""
    found = [tag(pair.key, plain(pair.value)) for pair in span.attributes]
    if scope:
        found.append(tag("otel.scope.name", scope))
    if span.kind in _KINDS:
        found.append(tag("span.kind", _KINDS[span.kind]))
    if span.status.code == Status.STATUS_CODE_ERROR:
        found += [tag("error", True), tag("otel.status_code", "ERROR")]
    elif span.status.code == Status.STATUS_CODE_OK:
        found.append(tag("otel.status_code", "OK"))
    if span.status.message:
        found.append(tag("otel.status_description", span.status.message))
    return found


def _event(event: Span.Event) -> Object:
    fields = [tag("event", event.name)] if event.name else []
    fields += [tag(pair.key, plain(pair.value)) for pair in event.attributes]
    return {"timestamp": event.time_unix_nano // 1000, "fields": fields}
