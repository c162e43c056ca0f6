"""What the proxy before an API server says itself: refusals in the API server's place, and connections that end."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import yaml
from aiohttp import web

from drills.chaos.rules import Refuse

# What belongs to one connection, or says who asks and how long the body is.
_OF_THE_CONNECTION = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "upgrade", "host", "content-length", "authorization"}
)
_REASONS = {409: "Conflict", 429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable"}


def write_kubeconfig(path: Path, url: str, context: str, namespace: str) -> None:
    """Write a kubeconfig that leads to a proxy; it holds no credentials, for the proxy has them."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "clusters": [{"name": context, "cluster": {"server": url}}],
        "users": [{"name": context, "user": {}}],
        "contexts": [{"name": context, "context": {"cluster": context, "user": context, "namespace": namespace}}],
    }
    path.write_text(yaml.safe_dump(content))


def carried(headers: aiohttp.typedefs.LooseHeaders) -> dict[str, str]:
    """Return the headers that go with a request or an answer to the other side."""
    return {name: value for name, value in dict(headers).items() if name.lower() not in _OF_THE_CONNECTION}


def cut(incoming: web.Request) -> web.StreamResponse:
    """Cut the connection of a request at once, and return what the web server wants to be returned."""
    if incoming.transport is not None:
        incoming.transport.abort()
    return web.Response(status=502)  # goes nowhere


def refusal(refusal: Refuse) -> web.Response:
    """Return an API server's own way of refusing."""
    headers = {} if refusal.retry_after is None else {"Retry-After": str(refusal.retry_after)}
    status = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "code": refusal.status,
        "reason": _REASONS.get(refusal.status, "Unknown"),
        "message": f"a drill answers {refusal.status} in the API server's place",
    }
    return web.json_response(status, status=refusal.status, headers=headers)
