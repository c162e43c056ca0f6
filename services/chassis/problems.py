"""Errors as RFC 9457 problem documents that name the field at fault and what would mend it."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response
from opentelemetry import trace
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = "1"

# What would be right, where the framework only says what is wrong.
_FIXES = {
    404: "There is nothing at this path. See /openapi.json for what there is.",
    405: "This path does not take this method. The header Allow lists those that it takes.",
    413: "The body is too large. Send less than 64 KiB.",
}

_log = structlog.get_logger()


class FieldError(BaseModel):
    """One field that is wrong."""

    field: str = Field(description="where it stands, such as items.0.quantity")
    detail: str = Field(description="what is wrong with it")
    fix: str = Field(description="what would be right")


class ProblemDocument(BaseModel):
    """What a client gets instead of an answer (RFC 9457)."""

    type: str = Field(description="about:blank, or a URN that names the kind of problem")
    title: str = Field(description="the meaning of the status code")
    status: int = Field(ge=400, le=599, description="HTTP status code")
    detail: str = Field(description="what went wrong, for people")
    errors: list[FieldError] | None = Field(default=None, description="the fields at fault")
    trace_id: str | None = Field(default=None, description="the request in logs and traces")


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem
    """A request that cannot be answered as asked.

    Args:
        status: HTTP status code.
        detail: one or two sentences for people.
        kind: last part of the problem's type, such as ``email-taken``; empty for ``about:blank``.
        errors: the fields at fault.
        headers: more response headers.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        kind: str = "",
        errors: list[FieldError] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.kind = kind
        self.errors = errors
        self.headers = headers or {}

    def document(self) -> dict[str, Any]:
        """Return the document that goes over the wire."""
        document: dict[str, Any] = {
            "type": f"urn:problem:{self.kind}" if self.kind else "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            document["errors"] = [error.model_dump() for error in self.errors]
        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            document["trace_id"] = trace.format_trace_id(context.trace_id)
        return document

    def response(self) -> Response:
        """Return the HTTP response."""
        body = json.dumps(self.document(), separators=(",", ":"))
        return Response(body, self.status, self.headers, content_type=MEDIA_TYPE)


def unavailable(detail: str, kind: str) -> Problem:
    """Return the problem of something that is away now and may be back soon."""
    return Problem(503, detail, kind=kind, headers={"Retry-After": RETRY_AFTER_SECONDS})


def invalid(detail: str, *errors: FieldError) -> Problem:
    """Return the problem of a request that can be read but makes no sense."""
    return Problem(422, detail, kind="invalid", errors=list(errors))


def install(app: Flask) -> None:
    """Answer every error of a service with a problem document."""
    app.register_error_handler(Problem, Problem.response)
    app.register_error_handler(HTTPException, _from_http)
    for kind in (OperationalError, ProgrammingError, PoolTimeoutError):
        app.register_error_handler(kind, _from_database)
    app.register_error_handler(Exception, _from_bug)


def _from_http(error: HTTPException) -> Response:
    """Keep the status and headers (such as Allow) that the framework chose."""
    kept = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    detail = _FIXES.get(status) or error.description or HTTPStatus(status).phrase
    return Problem(status, detail, headers=kept).response()


def _from_database(error: DBAPIError | PoolTimeoutError) -> Response:
    """A database that is away, busy or not migrated yet: the request was sound and may be repeated."""
    reason = getattr(error, "orig", None) or error
    _log.error("database unavailable", reason=str(reason).splitlines()[0])
    return unavailable("The database cannot answer now. Try again in a moment.", "database-unavailable").response()


def _from_bug(error: Exception) -> Response:
    _log.error("unhandled exception", exc_info=error)
    detail = "The service failed on this request. The trace id finds the cause in its log."
    return Problem(500, detail).response()
