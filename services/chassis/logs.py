"""Logs as one JSON object a line on stdout: the service's, gunicorn's and every library's alike."""

from __future__ import annotations

import datetime
import json
import logging
import logging.config
import os
from collections.abc import Callable, MutableMapping
from json.encoder import encode_basestring_ascii as _quote
from typing import Any

import structlog
from opentelemetry import trace

STDOUT = 1
# Made once: a line is written at every request.
_ENCODER = json.JSONEncoder(separators=(",", ":"), default=repr)

Event = MutableMapping[str, Any]


class LineWriter:
    """Writes each line with one system call, so that lines of several threads never mix."""

    def msg(self, line: str) -> None:
        """Write one line."""
        os.write(STDOUT, line.encode() + b"\n")

    debug = info = warning = error = critical = msg


class JsonHandler(logging.Handler):
    """Takes the standard library's log records to the same place in the same form."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; a record that cannot be written is reported, never raised."""
        try:
            LineWriter().msg(self.format(record))
        except Exception:  # noqa: BLE001 - a log line must not stop the service
            self.handleError(record)


class RequestLog:
    """Writes the line of a request in the form of all other lines, at a third of the cost of the general way.

    Args:
        service: name of the service.
        version: its version.
        level: lowest level that is written; failed requests are errors, all others infos.
    """

    def __init__(self, service: str, version: str, level: str) -> None:
        self._identity = _ENCODER.encode({"service": service, "version": version})[1:-1]
        self._lowest = logging.getLevelNamesMapping()[level.upper()]

    def write(
        self, method: str, route: str, path: str, status: int, seconds: float, trace_id: str, span_id: str
    ) -> None:
        """Write one line."""
        level = "error" if status >= 500 else "info"
        if (logging.ERROR if status >= 500 else logging.INFO) < self._lowest:
            return
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds").removesuffix("+00:00")
        line = (
            f'{{"event":"request","level":"{level}","time":"{now}Z",{self._identity},"method":{_quote(method)},'
            f'"route":{_quote(route)},"path":{_quote(path)},"status":{status},"duration_ms":{seconds * 1000:.3f},'
            f'"trace_id":"{trace_id}","span_id":"{span_id}"}}\n'
        )
        os.write(STDOUT, line.encode())


def configure(service: str, version: str, level: str) -> None:
    """Send everything that this process logs to stdout as JSON.

    Args:
        service: name of the service, on every line.
        version: version of the service, on every line.
        level: lowest level that is written: debug, info, warning or error.
    """
    structlog.configure(
        processors=[*_shared(service, version), structlog.processors.format_exc_info, _render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_arguments: LineWriter(),
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(_standard_library(service, version, level))


def _standard_library(service: str, version: str, level: str) -> dict[str, Any]:
    """Return the configuration that makes the standard library's loggers, gunicorn's too, write the same lines."""
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*_shared(service, version), structlog.stdlib.add_logger_name],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _render,
        ],
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": lambda: formatter}},
        "handlers": {"stdout": {"()": JsonHandler, "formatter": "json"}},
        "root": {"level": level.upper(), "handlers": ["stdout"]},
        "loggers": {
            "gunicorn.error": {"level": level.upper(), "handlers": [], "propagate": True},
            "gunicorn.access": {"level": level.upper(), "handlers": [], "propagate": True},
        },
    }


def _shared(service: str, version: str) -> list[Callable[[Any, str, Event], Event]]:
    def identify(_logger: Any, _method: str, event: Event) -> Event:
        event["service"] = service
        event["version"] = version
        return event

    return [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", key="time"),
        identify,
        add_trace,
    ]


def _render(_logger: Any, _method: str, event: Event) -> str:
    return _ENCODER.encode(event)


def add_trace(_logger: Any, _method: str, event: Event) -> Event:
    """Put the ids of the current span on a line that does not carry them yet."""
    if "trace_id" not in event:
        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            event["trace_id"] = trace.format_trace_id(context.trace_id)
            event["span_id"] = trace.format_span_id(context.span_id)
    return event
