"""The user service put together."""

from __future__ import annotations

from flask import Flask

from chassis.config import load
from chassis.database import Database
from chassis.queries import observe_queries
from chassis.service import Service
from user.api import UserApi
from user.config import Settings
from user.store import UserStore


def create_app(settings: Settings | None = None) -> Flask:
    """Return the WSGI application; without settings the environment is read."""
    settings = settings or load(Settings)
    service = Service("user", settings)
    database = Database(settings.database_url, settings.http_threads)
    observe_queries(database.engine, service.telemetry, service.metrics)
    store = UserStore(database, settings.app_version)
    return service.app(UserApi(store, settings.app_version).routes(), store.why_not_ready)
