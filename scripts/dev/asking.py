"""A user who asks through the gateway, and finds out from the pods' own logs which pod answered.

No response says which pod it comes from: users need not know. But whoever asks gives the trace its id, and a service
writes that id down with every request.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import secrets
import time
from urllib.parse import urlsplit

from cluster import Cluster, pod_logs
from cluster.transport import Json

# Nobody has this id: whatever the service says to that is an answer.
NOBODY = "00000000-0000-4000-8000-000000000000"
TIMEOUT = 2.0
# Not sampled: the questions leave no spans behind, only their ids in the log.
_TRACEPARENT = "00-{trace}-{span}-00"
_TRACE_ID = re.compile(r'"trace_id": ?"([0-9a-f]{32})"')
# A pod that is a moment old has not said more, even under load.
LOG_LINES = 1000


class Asker:
    """Asks one service.

    Args:
        cluster: where the service runs.
        path: what is asked for.
    """

    def __init__(self, cluster: Cluster, path: str) -> None:
        self._cluster = cluster
        self._path = path
        self._answered: dict[str, float] = {}

    def ask(self) -> None:
        """Ask once; a question that gets lost is no error here: those who count lost requests ask by themselves."""
        trace = secrets.token_hex(16)
        address = urlsplit(self._cluster.gateway_url)
        connection = http.client.HTTPConnection(str(address.hostname), address.port or 80, timeout=TIMEOUT)
        headers = {"traceparent": _TRACEPARENT.format(trace=trace, span=secrets.token_hex(8))}
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", self._path, headers=headers)
            connection.getresponse().read()
            self._answered[trace] = time.time()

    def first_answer(self, pod: Json) -> float | None:
        """Return when a pod answered first, in seconds since the epoch; None if it has not answered yet."""
        log = pod_logs.tail(self._cluster, pod, LOG_LINES)
        known = {trace for line in log for trace in _TRACE_ID.findall(line)} & self._answered.keys()
        return min((self._answered[trace] for trace in known), default=None)


def path_to(cluster: Cluster, service: str) -> str | None:
    """Return a path by which the gateway leads to a service, None if it does not."""
    routes = (cluster.virtual_services.find(service) or {}).get("spec", {}).get("http") or []
    matches = [match for route in routes for match in route.get("match") or [] if "headers" not in match]
    prefixes = [(match.get("uri") or {}).get("prefix") for match in matches]
    return next((f"{prefix.rstrip('/')}/{NOBODY}" for prefix in prefixes if prefix), None)
