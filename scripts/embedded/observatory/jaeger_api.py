"""Jaeger's query API, the part that one needs to find traces."""

from __future__ import annotations

import json
import re

from aiohttp import web

from embedded.observatory.errors import BadRequestError, GapError
from embedded.observatory.jaeger import answer
from embedded.observatory.traces import TraceQuery, Traces

_UNITS = {"us": 1, "µs": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(us|µs|ms|s|m|h)")
_TRACE_ID = re.compile(r"[0-9a-fA-F]{1,32}")
_LOOKBACK = {"lookback"}
_KNOWN = {"service", "operation", "tags", "start", "end", "minDuration", "maxDuration", "limit"} | _LOOKBACK
_MOST = 1500


class JaegerApi:
    """Services, operations and traces.

    Args:
        traces: where they are found.
    """

    def __init__(self, traces: Traces) -> None:
        self._traces = traces

    def install(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_get("/api/services", self.services)
        app.router.add_get("/api/services/{service}/operations", self.operations)
        app.router.add_get("/api/traces", self.search)
        app.router.add_get("/api/traces/{trace_id}", self.trace)

    async def services(self, _request: web.Request) -> web.Response:
        """Answer with the names of the services."""
        found = await self._traces.services()
        return web.json_response(answer(found, len(found)))

    async def operations(self, request: web.Request) -> web.Response:
        """Answer with the names of a service's spans."""
        found = await self._traces.operations(request.match_info["service"])
        return web.json_response(answer(found or None, len(found)))

    async def trace(self, request: web.Request) -> web.Response:
        """Answer with one trace, or with 404."""
        found = await self._traces.get(_hexadecimal(request.match_info["trace_id"]))
        if found is None:
            return error(404, "trace not found")
        return web.json_response(answer([found]))

    async def search(self, request: web.Request) -> web.Response:
        """Answer with the traces of some ids, or with those that meet a query."""
        if ids := request.query.getall("traceID", []):
            found = await self._traces.several(_hexadecimal(each) for each in ids)
        else:
            found = await self._traces.search(_query(request))
        return web.json_response(answer(found))


def error(status: int, message: str) -> web.Response:
    """Return an error as Jaeger says it."""
    return web.json_response(answer(None, errors=[{"code": status, "msg": message}]), status=status)


def _query(request: web.Request) -> TraceQuery:
    given = request.query
    if unknown := set(given) - _KNOWN:
        raise GapError(f"parameter {min(unknown)} of Jaeger's search")
    if not given.get("service"):
        raise BadRequestError("parameter 'service' is required")
    return TraceQuery(
        service=given["service"],
        operation=given.get("operation", ""),
        tags=_tags(given.get("tags", "{}")),
        start_us=_whole(given.get("start"), "start"),
        end_us=_whole(given.get("end"), "end"),
        min_us=_duration(given.get("minDuration"), "minDuration"),
        max_us=_duration(given.get("maxDuration"), "maxDuration"),
        limit=min(_whole(given.get("limit"), "limit") or 100, _MOST),
    )


def _tags(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise BadRequestError(f"parameter 'tags' must be a JSON object of strings, not {text}")
    return found


def _whole(text: str | None, name: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal():
        raise BadRequestError(f"parameter '{name}' must be a whole number, not {text}")
    return int(text)


def _duration(text: str | None, name: str) -> int | None:
    """Return a duration such as 1.5ms or 1m30s in µs."""
    if not text:
        return None
    parts = _DURATION.findall(text)
    if "".join(number + unit for number, unit in parts) != text:
        raise BadRequestError(f"parameter '{name}' must be a duration such as 100ms, not {text}")
    return int(sum(float(number) * _UNITS[unit] for number, unit in parts))


def _hexadecimal(text: str) -> str:
    if not _TRACE_ID.fullmatch(text):
        raise BadRequestError(f"a trace id has up to 32 hexadecimal digits, not {text}")
    return text.lower()
