"""Grafana's annotations API: the steps of a drill, beside the figures."""

from __future__ import annotations

import json
import time
from typing import Any

from aiohttp import web

from embedded.observatory.annotations import Annotations
from embedded.observatory.errors import BadRequestError, GapError

Object = dict[str, Any]
_FIELDS: dict[str, type] = {"time": int, "timeEnd": int, "text": str, "tags": list}
# They tie an annotation to a dashboard; here there is none, so it belongs to all, as it does in Grafana without them.
_OF_DASHBOARDS = {"dashboardUID", "dashboardId", "panelId", "data"}
_FOUND_BY = {"from", "to", "tags", "matchAny", "limit", "type"}


class GrafanaApi:
    """Makes, finds, changes and deletes annotations.

    Args:
        annotations: where they are kept.
    """

    def __init__(self, annotations: Annotations) -> None:
        self._annotations = annotations

    def install(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_post("/api/annotations", self.add)
        app.router.add_get("/api/annotations", self.find)
        app.router.add_get(r"/api/annotations/{id:\d+}", self.get)
        app.router.add_patch(r"/api/annotations/{id:\d+}", self.change)
        app.router.add_delete(r"/api/annotations/{id:\d+}", self.delete)

    async def add(self, request: web.Request) -> web.Response:
        """Keep a new annotation; without a time it is of now, without an end it is a point."""
        given = await _body(request)
        if not given.get("text"):
            raise BadRequestError("text field should not be empty")
        start = given.get("time") or int(time.time() * 1000)
        found = self._annotations.add(start, given.get("timeEnd") or start, given["text"], given.get("tags") or [])
        return web.json_response({"message": "Annotation added", "id": found["id"]})

    async def find(self, request: web.Request) -> web.Response:
        """Answer with the annotations that touch a time and have some tags, the newest first."""
        if unknown := set(request.query) - _FOUND_BY:
            raise GapError(f"parameter {min(unknown)} of Grafana's annotations")
        if request.query.get("type", "annotation") != "annotation":
            raise GapError("annotations of alerts")
        found = self._annotations.find(
            _number(request, "from"),
            _number(request, "to"),
            request.query.getall("tags", []),
            request.query.get("matchAny", "false") == "true",
            _number(request, "limit") or 100,
        )
        return web.json_response(found)

    async def get(self, request: web.Request) -> web.Response:
        """Answer with one annotation."""
        found = self._annotations.get(int(request.match_info["id"]))
        return web.json_response(found) if found else _not_found()

    async def change(self, request: web.Request) -> web.Response:
        """Change what is given of one annotation."""
        given = await _body(request)
        found = self._annotations.change(int(request.match_info["id"]), given)
        return web.json_response({"message": "Annotation patched"}) if found else _not_found()

    async def delete(self, request: web.Request) -> web.Response:
        """Delete one annotation."""
        found = self._annotations.delete(int(request.match_info["id"]))
        return web.json_response({"message": "Annotation deleted"}) if found else _not_found()


def _not_found() -> web.Response:
    return web.json_response({"message": "Annotation not found"}, status=404)


async def _body(request: web.Request) -> Object:
    """Return the fields that are given, each of its kind."""
    try:
        given = json.loads(await request.text())
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise BadRequestError("bad request data: the body must be a JSON object")
    for name, value in given.items():
        _check(name, value)
    return {name: value for name, value in given.items() if name in _FIELDS}


def _check(name: str, value: Any) -> None:
    if name in _OF_DASHBOARDS:
        if value:
            raise GapError(f"annotations of one dashboard ({name})")
        return
    if name not in _FIELDS:
        raise GapError(f"field {name} of an annotation")
    kind = _FIELDS[name]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise BadRequestError(f"bad request data: {name} must be of type {kind.__name__}")
    if isinstance(value, list) and not all(isinstance(tag, str) for tag in value):
        raise BadRequestError("bad request data: tags must be strings")


def _number(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if not text:
        return None
    if not text.lstrip("-").isdecimal():
        raise BadRequestError(f"{name} must be a whole number, not {text}")
    # As in Grafana zero is no bound.
    return int(text) or None
