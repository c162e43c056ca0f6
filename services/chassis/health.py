"""What Kubernetes and Prometheus ask a service: is it alive, may it get requests, how does it do."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, jsonify, request

from chassis.metrics import Metrics
from chassis.problems import unavailable
from chassis.shutdown import Shutdown

# Returns the reason why the service cannot work now, or None.
ReadyCheck = Callable[[], str | None]


def install(app: Flask, shutdown: Shutdown, metrics: Metrics, check: ReadyCheck, *, never_ready: bool) -> None:
    """Add /livez, /readyz and /metrics to a service.

    Args:
        app: the service.
        shutdown: fails readiness once it has begun.
        metrics: what /metrics shows.
        check: fails readiness as long as it returns a reason.
        never_ready: the fault FAULT_NOT_READY.
    """

    @app.get("/livez")
    def livez() -> Response:
        return jsonify(status="alive")

    @app.get("/readyz")
    def readyz() -> Response:
        reason = _why_not_ready(shutdown, check, never_ready=never_ready)
        if reason:
            raise unavailable(reason, "not-ready")
        return jsonify(status="ready")

    @app.get("/metrics")
    def show_metrics() -> Response:
        page, media_type = metrics.expose(request.headers.get("Accept", ""))
        return Response(page, content_type=media_type)


def _why_not_ready(shutdown: Shutdown, check: ReadyCheck, *, never_ready: bool) -> str | None:
    if shutdown.begun:
        return "The service is shutting down."
    if never_ready:
        return "The service was told by FAULT_NOT_READY never to be ready."
    return check()
