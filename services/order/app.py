"""The order service put together."""

from __future__ import annotations

from flask import Flask

from chassis.client import ServiceClient
from chassis.config import load
from chassis.database import Database
from chassis.queries import observe_queries
from chassis.service import Service
from order.api import OrderApi
from order.config import Settings
from order.store import OrderStore
from order.users import Users


def create_app(settings: Settings | None = None) -> Flask:
    """Return the WSGI application; without settings the environment is read."""
    settings = settings or load(Settings)
    service = Service("order", settings)
    database = Database(settings.database_url, settings.http_threads)
    observe_queries(database.engine, service.telemetry, service.metrics)
    store = OrderStore(database, settings.app_version)
    client = ServiceClient(
        settings.user_url, settings.user_timeout_seconds, service.telemetry, connections=settings.http_threads
    )
    api = OrderApi(store, Users(client), settings.app_version)
    return service.app(api.routes(), store.why_not_ready)
