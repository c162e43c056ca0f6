"""The service behind the gateway in tests of traffic: the chassis of the shop around what a test wants to see.

It runs in the shop's images, so that it ends, gets ready and fails as the shop's services do, and it counts, so that
retries and copies can be told from what the user sent.
"""

import os
import time
from collections import Counter

from flask import Flask, jsonify, request

from chassis.config import Settings, load
from chassis.service import Service


def create_app() -> Flask:
    """Return the WSGI application."""
    settings = load(Settings)
    app = Service("backend", settings).app([])
    version = settings.app_version
    seen: Counter[str] = Counter()

    @app.get("/seen")
    def tell():
        """Answer how often a key was seen."""
        return jsonify(seen[request.args["key"]])

    @app.get("/", defaults={"path": ""})
    @app.get("/<path:path>")
    def echo(path):
        """Answer what was asked: ?key= is counted, ?ms= waits, ?fail= answers that many requests of a key with 503.

        With ?only= waiting and failing is for that version alone.
        """
        key = request.args.get("key", "")
        seen[key] += 1
        meant = request.args.get("only", version) == version
        time.sleep(int(request.args.get("ms", 0)) / 1000 if meant else 0)
        status = 503 if meant and seen[key] <= int(request.args.get("fail", 0)) else 200
        return {"path": f"/{path}", "pod": os.environ["POD"], "headers": dict(request.headers)}, status

    return app
