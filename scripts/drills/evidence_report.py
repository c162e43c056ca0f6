"""The evidence as the report's schema describes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cluster.elasticsearch import Line
from cluster.jaeger import Span, Trace
from drills.evidence import Evidence, Found, Source
from drills.record import Record
from drills.schema import fits

# Of a log line and of a span, as much as a person reads.
MAX_TEXT = 2000
NONSENSE = "what came back makes no sense"
_OWN_PLACE = {
    "log.level": "level",
    "service.name": "service",
    "service.version": "version",
    "kubernetes.pod.name": "pod",
    "message": "message",
}


def as_json(record: Record, evidence: Evidence, error_budget: dict[str, Any]) -> dict[str, Any]:
    """Return the evidence for the report."""
    return {
        "sources": {kind: _source(source) for kind, source in evidence.sources.items()},
        "requests": [_found(record, found) for found in evidence.requests],
        "left_out": evidence.left_out,
        "error_budget": error_budget,
    }


def _source(source: Source) -> dict[str, str]:
    return {"name": source.name, "state": source.state, "reason": source.reason}


def _found(record: Record, found: Found) -> dict[str, Any]:
    kept = ("trace_id", "latency_ms", "status", "version", "method", "path", "error")
    trace = _trace(found.trace) if found.trace else None
    lines = [_line(line) for line in found.lines]
    sensible, readable = fits(trace, "trace"), [line for line in lines if fits(line, "log_line")]
    return {
        "why": found.why,
        "at_s": round(found.sample.scheduled - record.started, 3),
        **{name: getattr(found.sample, name) for name in kept},
        "trace": trace if sensible else None,
        "trace_missing": found.trace_missing if sensible or not trace else NONSENSE,
        "logs": readable,
        "logs_missing": found.lines_missing if readable or not lines else NONSENSE,
    }


def _trace(trace: Trace) -> dict[str, Any]:
    began = min(span.start for span in trace.spans)
    return {"spans": [_span(span, began) for span in trace.spans]}


def _span(span: Span, began: float) -> dict[str, Any]:
    return {
        "service": span.service,
        "version": span.version,
        "name": span.name,
        "span_id": span.span_id,
        "parent_id": span.parent_id,
        "start_ms": round((span.start - began) * 1000, 3),
        "duration_ms": round(span.duration * 1000, 3),
        "error": span.error,
        "attributes": _short(span.attributes),
    }


def _line(line: Line) -> dict[str, Any]:
    own = {place: line.fields.get(name, "")[:MAX_TEXT] for name, place in _OWN_PLACE.items()}
    rest = {name: value for name, value in line.fields.items() if name not in _OWN_PLACE}
    return {"time": line.time, **own, "fields": _short(rest)}


def _short(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: text[:MAX_TEXT] for name, text in texts.items()}
