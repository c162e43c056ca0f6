"""The same route as bench.bare, with everything on that a service of the platform has."""

from __future__ import annotations

from flask import Flask

from bench.bare import ping
from chassis.config import Settings, load
from chassis.routes import Route
from chassis.service import Service


def create_app() -> Flask:
    """Return an application on the chassis: metrics, JSON log, tracing, faults, health."""
    service = Service("bench", load(Settings))
    return service.app([Route(method="GET", path="/ping", handler=ping, summary="Answer.")])
