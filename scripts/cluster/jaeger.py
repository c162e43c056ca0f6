"""Asking Jaeger for the trace of one request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cluster.backend import Backend, called
from cluster.client import Cluster
from cluster.errors import BackendError, NotFound
from cluster.ways import Place

MICROSECONDS = 1_000_000
# What a tracer says of itself, not of the request: it would only be in the way.
_OWN = ("telemetry.", "otel.", "internal.", "span.kind")


@dataclass(frozen=True)
class Span:
    """One part of a trace.

    Attributes:
        service: who did it.
        version: in which version, empty if it does not say.
        name: what was done.
        span_id: its id, in hex.
        parent_id: that of the span it is a part of, None for none or one that is not in the trace.
        start: Unix time in seconds.
        duration: seconds.
        error: whether it failed.
        attributes: what else is known of it and of who did it.
    """

    service: str
    version: str
    name: str
    span_id: str
    parent_id: str | None
    start: float
    duration: float
    error: bool
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Trace:
    """The spans of one request, earliest first."""

    spans: tuple[Span, ...]


class Jaeger:
    """The Jaeger of a cluster, or the one at JAEGER_URL.

    Args:
        cluster: where it runs.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.name = called(cluster, "Jaeger", cluster.settings.jaeger_url)
        self._backend = Backend(cluster, Place(self.name, "jaeger", 16686, cluster.settings.jaeger_url))

    def trace(self, trace_id: str) -> Trace | None:
        """Return a trace as far as it is known by now, None if nothing of it is.

        Raises:
            Absent: the cluster has no Jaeger.
            BackendError: it cannot be asked, or answers nonsense.
        """
        try:
            answer = self._backend.ask("GET", f"/api/traces/{trace_id}")
        except NotFound:
            return None
        try:
            found = [trace for trace in answer["data"] or () if trace["spans"]]
            return _trace(found[0]) if found else None
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise BackendError(f"Jaeger answers no trace to {trace_id}: {type(error).__name__} {error}") from error


def _trace(body: Mapping[str, Any]) -> Trace:
    known = {str(span["spanID"]) for span in body["spans"]}
    spans = [_span(span, body["processes"][span["processID"]], known) for span in body["spans"]]
    return Trace(tuple(sorted(spans, key=lambda span: span.start)))


def _span(body: Mapping[str, Any], process: Mapping[str, Any], known: set[str]) -> Span:
    attributes = _tags(process) | _tags(body)
    return Span(
        service=str(process["serviceName"]),
        version=attributes.get("service.version", ""),
        name=str(body["operationName"]),
        span_id=str(body["spanID"]),
        parent_id=_parent(body, known),
        start=float(body["startTime"]) / MICROSECONDS,
        duration=float(body["duration"]) / MICROSECONDS,
        error=attributes.get("error") == "true" or attributes.get("otel.status_code") == "ERROR",
        attributes={key: value for key, value in attributes.items() if not key.startswith(_OWN)},
    )


def _tags(body: Mapping[str, Any]) -> dict[str, str]:
    return {str(tag["key"]): _text(tag["value"]) for tag in body.get("tags") or ()}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _parent(body: Mapping[str, Any], known: set[str]) -> str | None:
    """Return the span's parent if it is there; a user sends the id of a span that nobody records."""
    references = body.get("references") or ()
    parents = [str(each["spanID"]) for each in references if each["refType"] == "CHILD_OF"]
    return next((parent for parent in parents if parent in known), None)
