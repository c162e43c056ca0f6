"""The application of bench.observed with one part of observing left out: what that part costs is what is gained."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from flask import Flask
from opentelemetry.trace import INVALID_SPAN

from bench import observed
from chassis import logs
from chassis.logs import RequestLog
from chassis.metrics import Metrics
from chassis.telemetry import Telemetry

# Names the part, for this process.
VARIABLE = "LEFT_OUT"


def create_app() -> Flask:
    """Return the application without the part that VARIABLE names."""
    part = os.environ[VARIABLE]
    if part == EVERYTHING:
        app = observed.create_app()
        app.wsgi_app = app.wsgi_app._app  # type: ignore[method-assign, attr-defined]
        return app
    PARTS[part]()
    return observed.create_app()


def _nothing(*_arguments: Any) -> None:
    """Do nothing, in the place of a part."""


def _without(owner: type, method: str, instead: Callable[..., Any] = _nothing) -> Callable[[], None]:
    return lambda: setattr(owner, method, instead)


def _lines_made_in_vain() -> None:
    vars(logs)["os"] = SimpleNamespace(write=_nothing)


EVERYTHING = "everything"
PARTS: dict[str, Callable[[], None]] = {
    "span": _without(Telemetry, "start_server_span", lambda *_arguments: INVALID_SPAN),
    "metrics": _without(Metrics, "observe"),
    "line": _without(RequestLog, "write"),
    "write": _lines_made_in_vain,
}
