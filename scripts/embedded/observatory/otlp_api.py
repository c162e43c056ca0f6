"""OTLP's HTTP receiver: spans come in here."""

from __future__ import annotations

from aiohttp import web
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from embedded.observatory import otlp
from embedded.observatory.errors import BadRequestError
from embedded.observatory.spans import Spans


class OtlpApi:
    """``POST /v1/traces``.

    Args:
        spans: where they go.
    """

    def __init__(self, spans: Spans) -> None:
        self._spans = spans

    def install(self, app: web.Application) -> None:
        """Add the route."""
        app.router.add_post("/v1/traces", self.traces)

    async def traces(self, request: web.Request) -> web.Response:
        """Take spans; says how many were refused."""
        refused = self._spans.take(otlp.parse(await _body(request), request.content_type))
        answer = ExportTraceServiceResponse()
        if refused:
            answer.partial_success.rejected_spans = refused
            answer.partial_success.error_message = "more spans wait than can be written"
        if request.content_type == otlp.JSON:
            return web.json_response(json_format.MessageToDict(answer))
        return web.Response(body=answer.SerializeToString(), content_type=otlp.PROTOBUF)


async def _body(request: web.Request) -> bytes:
    try:
        return await request.read()
    except web.RequestPayloadError as error:
        raise BadRequestError(f"the body cannot be read: {error}") from error
