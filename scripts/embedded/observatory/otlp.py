"""OTLP over HTTP: the body of ``POST /v1/traces``, in protobuf or in JSON."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from embedded.observatory.errors import BadRequestError, GapError

PROTOBUF, JSON = "application/x-protobuf", "application/json"
# In OTLP's JSON ids are hexadecimal, where protobuf's own JSON has base64.
_IDS = ("traceId", "spanId", "parentSpanId")


def parse(body: bytes, content_type: str) -> ExportTraceServiceRequest:
    """Return the spans of a request.

    Raises:
        BadRequestError: they cannot be read.
        GapError: they are neither protobuf nor JSON.
    """
    if content_type == PROTOBUF:
        try:
            return ExportTraceServiceRequest.FromString(body)
        except DecodeError as error:
            raise BadRequestError(f"the body is no ExportTraceServiceRequest: {error}") from error
    if content_type == JSON:
        return _from_json(body)
    raise GapError(f"OTLP as {content_type or 'no content type'}: send {PROTOBUF} or {JSON}")


def _from_json(body: bytes) -> ExportTraceServiceRequest:
    try:
        content = json.loads(body)
        for span in _spans(content):
            _hexadecimal_ids(span)
            for link in span.get("links") or ():
                _hexadecimal_ids(link)
        return json_format.ParseDict(content, ExportTraceServiceRequest(), ignore_unknown_fields=True)
    except (ValueError, TypeError, AttributeError, json_format.ParseError) as error:
        raise BadRequestError(f"the body is no ExportTraceServiceRequest: {error}") from error


def _spans(content: dict[str, Any]) -> list[dict[str, Any]]:
    scopes = [scope for each in content.get("resourceSpans") or () for scope in each.get("scopeSpans") or ()]
    return [span for scope in scopes for span in scope.get("spans") or ()]


def _hexadecimal_ids(holder: dict[str, Any]) -> None:
    for name in _IDS:
        if holder.get(name):
            holder[name] = base64.b64encode(binascii.unhexlify(holder[name])).decode()
