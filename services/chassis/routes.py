"""A route and its description in one: the API's document is made from what is really served."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response
from flask.typing import ResponseReturnValue
from pydantic import BaseModel


@dataclass(frozen=True, kw_only=True)
class Route:
    """One operation of a service's API.

    Args:
        method: HTTP method.
        path: pattern in Flask's notation, such as ``/users/<user_id>``.
        handler: answers the request; its name is the operation's id.
        summary: what it does, for people.
        body: what the request must carry.
        query: its query parameters.
        headers: its request headers, by their aliases.
        status: status of a good answer.
        returns: what a good answer carries; None for nothing.
        response_headers: names and meanings of headers of a good answer.
        problems: the ways in which it can fail, beside those that every operation has.
    """

    method: str
    path: str
    handler: Callable[..., ResponseReturnValue]
    summary: str
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    headers: type[BaseModel] | None = None
    status: int = 200
    returns: type[BaseModel] | None = None
    response_headers: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[int, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the operation's id."""
        return self.handler.__name__


def install(app: Flask, routes: list[Route], document: Mapping[str, Any]) -> None:
    """Serve routes, and the document that describes them at /openapi.json."""
    for route in routes:
        app.add_url_rule(route.path, route.name, route.handler, methods=[route.method])
    page = json.dumps(document)
    app.add_url_rule(
        "/openapi.json", "openapi", lambda: Response(page, content_type="application/json"), methods=["GET"]
    )
