"""A span for every statement about a table that a traced request sends to the database."""

from __future__ import annotations

import functools
import re
from typing import Any

from opentelemetry.trace import Span, Status, StatusCode, get_current_span
from sqlalchemy import Engine, event

from chassis.telemetry import Telemetry

# What a statement does and with which table; BEGIN and its like have none, and would only lengthen every trace.
_WORDS = re.compile(r'\s*(\w+)\b.*?\b(?:FROM|INTO|UPDATE)\s+"?(\w+)|\s*(UPDATE)\s+"?(\w+)', re.IGNORECASE | re.DOTALL)
_SPAN = "_chassis_span"


def observe_queries(engine: Engine, telemetry: Telemetry) -> None:
    """Give the statements of an engine spans, as children of the current one; without a sampled one there are none."""

    @event.listens_for(engine, "before_cursor_execute")
    def on_start(_connection: Any, _cursor: Any, statement: str, _values: Any, context: Any, _many: bool) -> None:
        words = _words(statement) if get_current_span().is_recording() else None
        if words:
            setattr(context, _SPAN, telemetry.start_query_span(engine.dialect.name, *words, statement))

    @event.listens_for(engine, "after_cursor_execute")
    def on_end(_connection: Any, _cursor: Any, _statement: str, _values: Any, context: Any, _many: bool) -> None:
        span = _taken(context)
        if span:
            span.end()

    @event.listens_for(engine, "handle_error")
    def on_error(failure: Any) -> None:
        span = _taken(failure.execution_context)
        if span:
            span.set_attribute("error.type", type(failure.original_exception).__name__)
            span.set_status(Status(StatusCode.ERROR))
            span.end()


def _taken(context: Any) -> Span | None:
    """Return the span that was begun for a statement and forget it, so that it ends once."""
    span: Span | None = vars(context).pop(_SPAN, None) if context is not None else None
    return span


@functools.lru_cache(maxsize=256)
def _words(statement: str) -> tuple[str, str] | None:
    """Return the operation and the table of a statement, None if it is about no table."""
    found = _WORDS.match(statement)
    if not found:
        return None
    return (found[1] or found[3]).upper(), found[2] or found[4]
