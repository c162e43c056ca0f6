"""Flask with nothing on: what the service's throughput is compared with."""

from __future__ import annotations

from flask import Flask, Response, jsonify


def create_app() -> Flask:
    """Return an application with the one route that both sides of the comparison answer."""
    app = Flask(__name__)
    app.add_url_rule("/ping", view_func=ping)
    return app


def ping() -> Response:
    """Answer a small JSON document."""
    return jsonify(answer="pong")
