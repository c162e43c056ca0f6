"""Watch: changes as they happen, one JSON object a line, in a response that does not end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

from aiohttp import web

from embedded.apiserver import errors, reading, representation, requests
from embedded.apiserver.context import Call
from embedded.apiserver.representation import Form
from embedded.apiserver.selection import Selection, selection
from embedded.apiserver.watch import Event, Watch

Object = dict[str, Any]
# As kube-apiserver's: a watch ends after half an hour or so, and tells every minute where it is.
DEFAULT_TIMEOUT = 1800
BOOKMARK_INTERVAL = 60.0
# How soon a watch notices that its client has gone although nothing happens.
_LIVENESS_INTERVAL = 5.0
_INITIAL_END = "k8s.io/initial-events-end"


async def watch(call: Call) -> web.StreamResponse:
    """Answer GET with ``watch=true`` on a collection.

    Raises:
        ApiError: 410 when the resource version lies too far back, 422 for parameters that do not go together.
    """
    session = _Session(call)
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.enable_chunked_encoding()
    with session.watch:
        await response.prepare(call.request)
        with contextlib.suppress(ConnectionError):
            await session.run(response)
    return response


class _Session:
    def __init__(self, call: Call) -> None:
        query = call.request.query
        self._call = call
        self._chosen = selection(call.resource, _with_name(call))
        self._form = representation.form(call.request, call.context.columns(call.resource))
        self._bookmarks = requests.truthy(query, "allowWatchBookmarks")
        self._timeout = requests.integer(query, "timeoutSeconds") or DEFAULT_TIMEOUT
        since = query.get("resourceVersion", "")
        self._list_first = requests.truthy(query, "sendInitialEvents")
        _check_initial_events(query, asked=self._list_first)
        # Without a version, or from version 0 on, a watch begins with what there is.
        self._initial = self._list_first or since in ("", "0")
        if not since.isdigit() and since:
            raise errors.bad_request(f'resourceVersion: Invalid value: "{since}"')
        self.watch: Watch = call.store.watch(call.resource, call.address.namespace, None if self._initial else since)
        self._present = list(reading.chosen_items(call, self._chosen)) if self._initial else []
        self._revision = call.store.revision

    async def run(self, response: web.StreamResponse) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + self._timeout
        bookmark = loop.time() + BOOKMARK_INTERVAL
        await self._send(response, self._initial_lines())
        while (now := loop.time()) < end and not _gone(self._call.request):
            if self._bookmarks and now >= bookmark:
                await self._send(response, [self._bookmark()])
                bookmark = now + BOOKMARK_INTERVAL
            events = await self.watch.take(min(_LIVENESS_INTERVAL, end - now))
            if events is None:
                return
            await self._send(response, [line for event in events for line in self._lines(event)])
        if self._bookmarks:
            await self._send(response, [self._bookmark()])

    def _initial_lines(self) -> Iterator[Object]:
        for body in self._present:
            yield self._line("ADDED", body)
        self._present = []
        if self._list_first and self._bookmarks:
            yield self._bookmark({_INITIAL_END: "true"})

    def _lines(self, event: Event) -> Iterator[Object]:
        """Tell of a change as the selection sees it: an object enters it, changes in it, or leaves it."""
        self._revision = str(event.revision)
        before = event.old is not None and _selects(self._chosen, event.old)
        after = event.kind != "DELETED" and _selects(self._chosen, event.body)
        if after:
            yield self._line("MODIFIED" if before else "ADDED", event.body)
        elif before:
            yield self._line("DELETED", event.body)

    def _line(self, kind: str, body: Object) -> Object:
        return {"type": kind, "object": self._form.item(self._call.resource, body)}

    def _bookmark(self, annotations: dict[str, str] | None = None) -> Object:
        resource = self._call.resource
        meta: Object = {"resourceVersion": self._revision}
        if annotations:
            meta["annotations"] = annotations
        body = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": meta}
        if self._form.name == "Table":
            body = Form("Table", "Object", ()).items(resource, [], meta) | {"rows": [{"cells": [], "object": body}]}
        return {"type": "BOOKMARK", "object": body}

    async def _send(self, response: web.StreamResponse, lines: Any) -> None:
        data = b"".join(representation.encode(line) + b"\n" for line in lines)
        if data:
            await response.write(data)


def _with_name(call: Call) -> dict[str, str]:
    """Return the parameters, with the name in the address as a field selector."""
    query = dict(call.request.query)
    if call.address.name:
        query["fieldSelector"] = f"metadata.name={call.address.name}"
    return query


def _check_initial_events(query: Any, *, asked: bool) -> None:
    match = query.get("resourceVersionMatch")
    if asked and match != "NotOlderThan":
        why = "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        raise errors.ApiError(422, "Invalid", f"ListOptions.meta.k8s.io is invalid: {why}")
    if match and not asked:
        why = "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is"
        raise errors.ApiError(422, "Invalid", f"ListOptions.meta.k8s.io is invalid: {why} provided")


def _selects(chosen: Selection | None, body: Object) -> bool:
    return chosen is None or chosen(body)


def _gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()
