"""One service of the platform: the chassis put together around a list of routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask

from chassis import faults, health, logs, openapi, problems, routes
from chassis.config import Settings
from chassis.health import ReadyCheck
from chassis.metrics import Metrics
from chassis.observing import Observer
from chassis.routes import Route
from chassis.sampling import Sampling
from chassis.shutdown import Shutdown
from chassis.telemetry import Telemetry

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

MAX_BODY_BYTES = 64 * 1024


def always_ready() -> str | None:
    """Return no reason against readiness: the check of a service that needs nothing."""
    return None


class Service:
    """What a service is made of, besides its domain.

    Args:
        name: name of the service, in logs, metrics and traces.
        settings: its configuration.

    Raises:
        SystemExit: when the configuration asks for a crash on start.
    """

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.settings = settings
        logs.configure(name, settings.app_version, settings.log_level)
        faults.crash_on_start(settings)
        self.metrics = Metrics(name, settings.app_version)
        sampling = Sampling(settings.otel_traces_sampler, settings.otel_traces_sampler_arg)
        self.telemetry = Telemetry(name, settings.app_version, exports=settings.exports_traces, sampling=sampling)
        self.shutdown = Shutdown(settings.shutdown_delay_seconds)

    def app(self, api: list[Route], ready: ReadyCheck = always_ready) -> Flask:
        """Return the WSGI application.

        Args:
            api: what the service serves.
            ready: returns why it cannot serve now, or None.
        """
        app = Flask(self.name, static_folder=None)
        app.config.update(MAX_CONTENT_LENGTH=MAX_BODY_BYTES, PROVIDE_AUTOMATIC_OPTIONS=False)
        # A path is right or it is not found: redirects would hide the mistake.
        app.url_map.merge_slashes = False
        problems.install(app)
        faults.install(app, self.settings)
        health.install(app, self.shutdown, self.metrics, ready, never_ready=self.settings.fault_not_ready)
        routes.install(app, api, openapi.describe(self.name, self.settings.app_version, api))
        app.extensions["chassis"] = self
        app.wsgi_app = self._observe(app.wsgi_app)  # type: ignore[method-assign]
        return app

    def _observe(self, app: WSGIApplication) -> Observer:
        version = self.settings.app_version
        log = logs.RequestLog(self.name, version, self.settings.log_level)
        return Observer(app, version, self.metrics, self.telemetry, log)
