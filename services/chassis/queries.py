"""Every statement about a table is measured, and has a span if its request is traced."""

from __future__ import annotations

import functools
import re
from time import perf_counter
from typing import Any

from opentelemetry.trace import Span, Status, StatusCode, get_current_span
from sqlalchemy import Engine, event

from chassis.metrics import Metrics
from chassis.telemetry import Telemetry

# What a statement does and with which table; BEGIN and its like have none, and would only lengthen every trace.
_WORDS = re.compile(r'\s*(\w+)\b.*?\b(?:FROM|INTO|UPDATE)\s+"?(\w+)|\s*(UPDATE)\s+"?(\w+)', re.IGNORECASE | re.DOTALL)
_RUNNING = "_chassis_query"


class _Query:
    """One statement on its way.

    Args:
        words: what it does and with which table.
        span: its span, None where the request is not sampled.
        metrics: where its time is counted.
    """

    def __init__(self, words: tuple[str, str], span: Span | None, metrics: Metrics) -> None:
        self._words = words
        self._span = span
        self._metrics = metrics
        self._started = perf_counter()

    def end(self, error: str = "") -> None:
        """Count it, and end its span.

        Args:
            error: kind of the error that it ended with, empty for none.
        """
        self._metrics.observe_query(*self._words, perf_counter() - self._started)
        if self._span is None:
            return
        if error:
            self._span.set_attribute("error.type", error)
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()


def observe_queries(engine: Engine, telemetry: Telemetry, metrics: Metrics) -> None:
    """Measure the statements of an engine, and give those of a sampled request spans as children of the current one."""

    @event.listens_for(engine, "before_cursor_execute")
    def on_start(_connection: Any, _cursor: Any, statement: str, _values: Any, context: Any, _many: bool) -> None:
        words = _words(statement)
        if words:
            sampled = get_current_span().is_recording()
            span = telemetry.start_query_span(engine.dialect.name, *words, statement) if sampled else None
            setattr(context, _RUNNING, _Query(words, span, metrics))

    @event.listens_for(engine, "after_cursor_execute")
    def on_end(_connection: Any, _cursor: Any, _statement: str, _values: Any, context: Any, _many: bool) -> None:
        query = _taken(context)
        if query:
            query.end()

    @event.listens_for(engine, "handle_error")
    def on_error(failure: Any) -> None:
        query = _taken(failure.execution_context)
        if query:
            query.end(type(failure.original_exception).__name__)


def _taken(context: Any) -> _Query | None:
    """Return the query that runs in a context and forget it, so that it ends once."""
    query: _Query | None = vars(context).pop(_RUNNING, None) if context is not None else None
    return query


@functools.lru_cache(maxsize=256)
def _words(statement: str) -> tuple[str, str] | None:
    """Return the operation and the table of a statement, None if it is about no table."""
    found = _WORDS.match(statement)
    if not found:
        return None
    return (found[1] or found[3]).upper(), found[2] or found[4]
