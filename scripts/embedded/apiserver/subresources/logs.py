"""Logs: the output of a container, as the kubelet wrote it to a file."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import os
from typing import BinaryIO

from aiohttp import web

from embedded.apiserver import errors, requests
from embedded.apiserver.context import Call
from embedded.apiserver.resources import PODS

_BLOCK = 64 * 1024
_POLL_INTERVAL = 0.1


async def log(call: Call) -> web.StreamResponse:
    """Answer GET on a pod's ``log``.

    Raises:
        ApiError: 400 when the container must be named or has not started yet, 404 without the pod.
    """
    query = call.request.query
    container = _container(call)
    try:
        path = call.context.logs.path(call.namespace, call.address.name, container, requests.truthy(query, "previous"))
    except FileNotFoundError as error:
        raise _no_log(call, container, str(error)) from error
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    response.enable_chunked_encoding()
    with path.open("rb") as content:
        await response.prepare(call.request)
        with contextlib.suppress(ConnectionError):
            await _send(call, response, content, container)
    return response


async def _send(call: Call, response: web.StreamResponse, content: BinaryIO, container: str) -> None:
    query = call.request.query
    lines = requests.integer(query, "tailLines")
    limit = requests.integer(query, "limitBytes")
    _skip_to_last(content, lines)
    left = limit if limit is not None else float("inf")
    while data := content.read(int(min(_BLOCK, left))):
        await response.write(data)
        left -= len(data)
    if not requests.truthy(query, "follow"):
        return
    while left > 0 and not _over(call):
        # Whether the container still runs is asked first, so that its last words are read.
        runs = _runs(call, container)
        data = content.read(int(min(_BLOCK, left)))
        if data:
            await response.write(data)
            left -= len(data)
        elif not runs:
            return
        else:
            _follow_truncation(content)
            await asyncio.sleep(_POLL_INTERVAL)


def _skip_to_last(content: BinaryIO, lines: int | None) -> None:
    if lines is None:
        return
    starts: collections.deque[int] = collections.deque(maxlen=lines)
    position = 0
    for line in content:
        starts.append(position)
        position += len(line)
    content.seek(starts[0] if starts else position)


def _follow_truncation(content: BinaryIO) -> None:
    if os.fstat(content.fileno()).st_size < content.tell():
        content.seek(0)


def _over(call: Call) -> bool:
    return call.request.transport is None or call.request.transport.is_closing()


def _runs(call: Call, container: str) -> bool:
    pod = call.store.find(PODS, call.namespace, call.address.name)
    if pod is None:
        return False
    status = pod.get("status", {})
    known = [*status.get("containerStatuses", ()), *status.get("initContainerStatuses", ())]
    found = next((entry for entry in known if entry["name"] == container), None)
    return found is not None and "terminated" not in (found.get("state") or {})


def _container(call: Call) -> str:
    pod = call.store.get(PODS, call.namespace, call.address.name)
    spec = pod["spec"]
    names = [container["name"] for container in (*spec["containers"], *spec.get("initContainers", ()))]
    wanted = call.request.query.get("container")
    if wanted:
        if wanted not in names:
            raise errors.bad_request(f"container {wanted} is not valid for pod {call.address.name}")
        return wanted
    if len(spec["containers"]) > 1:
        raise errors.bad_request(
            f"a container name must be specified for pod {call.address.name}, choose one of: [{' '.join(names)}]"
        )
    return str(names[0])


def _no_log(call: Call, container: str, why: str) -> errors.ApiError:
    if requests.truthy(call.request.query, "previous"):
        return errors.bad_request(why or f'previous terminated container "{container}" not found')
    return errors.bad_request(
        f'container "{container}" in pod "{call.address.name}" is waiting to start: ContainerCreating'
    )
