"""Elasticsearch's search API over the logs, the part that one needs to find the lines of a drill."""

from __future__ import annotations

import fnmatch
import json
from typing import Any

from aiohttp import web

from embedded.observatory.query_dsl import QueryError
from embedded.observatory.search import INDEX, Logs

Object = dict[str, Any]


class ElasticsearchApi:
    """``GET`` and ``POST /<index>/_search``.

    Args:
        logs: what is searched.
    """

    def __init__(self, logs: Logs) -> None:
        self._logs = logs

    def install(self, app: web.Application) -> None:
        """Add the routes."""
        for method in ("GET", "POST"):
            app.router.add_route(method, "/{index:[^/]+}/_search", self.search)

    async def search(self, request: web.Request) -> web.Response:
        """Answer a search."""
        index = request.match_info["index"]
        if not any(fnmatch.fnmatchcase(INDEX, pattern) for pattern in index.split(",")):
            return error(404, "index_not_found_exception", f"no such index [{index}]")
        try:
            return web.json_response(await self._logs.search(await _body(request)))
        except QueryError as wrong:
            return error(400, wrong.kind, wrong.reason)


def error(status: int, kind: str, reason: str) -> web.Response:
    """Return an error as Elasticsearch says it."""
    cause = {"type": kind, "reason": reason}
    return web.json_response({"error": {"root_cause": [cause], **cause}, "status": status}, status=status)


async def _body(request: web.Request) -> Object:
    """Return what is asked for: the body, and size and from of the address."""
    given: Object = dict(request.query)
    if unknown := set(given) - {"size", "from"}:
        raise QueryError("illegal_argument_exception", f"request contains unrecognized parameter: [{min(unknown)}]")
    try:
        text = await request.text()
        body = json.loads(text) if text.strip() else {}
        given = {name: int(value) for name, value in given.items()}
    except ValueError as error:
        raise QueryError("parsing_exception", f"the request cannot be read: {error}") from error
    if not isinstance(body, dict):
        raise QueryError("parsing_exception", "the body must be an object")
    return body | given
