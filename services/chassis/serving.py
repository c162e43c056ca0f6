"""The configuration of gunicorn, as ``--config python:chassis.serving``: its settings and hooks by their own names.

One process with threads: no shared metrics files, exemplars work, and a pod is scaled by more pods.
"""

from __future__ import annotations

import json
import signal
import socket
from pathlib import Path
from typing import Any

from gunicorn import util  # type: ignore[import-untyped]

from chassis.config import Settings, load
from chassis.observing import VERSION_HEADER
from chassis.problems import MEDIA_TYPE
from chassis.service import Service

_settings = load(Settings)
_host = f"[{_settings.http_host}]" if ":" in _settings.http_host else _settings.http_host
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - only for an unlinked heartbeat file, where the root file system is read-only

bind = f"{_host}:{_settings.http_port}"
workers = 1
worker_class = "gthread"
threads = _settings.http_threads
# Longer than a proxy keeps an idle connection: it must be the proxy that closes it, or a request gets lost.
keepalive = 75
graceful_timeout = round(_settings.shutdown_delay_seconds + _settings.shutdown_drain_seconds)
# The application is made before the fork: a wrong configuration ends the process instead of a worker for ever.
preload_app = True
control_socket_disable = True
worker_tmp_dir = _SHARED_MEMORY if Path(_SHARED_MEMORY).is_dir() else None


def post_worker_init(worker: Any) -> None:
    """Start what lives in the process that serves, and let SIGTERM fail readiness before it drains."""
    service = _service(worker)
    service.telemetry.start_export()
    service.shutdown.watch(lambda: worker.handle_exit(signal.SIGTERM, None))
    signal.signal(signal.SIGTERM, lambda _number, _frame: service.shutdown.begin())
    signal.siginterrupt(signal.SIGTERM, False)


def pre_request(worker: Any, req: Any) -> None:
    """Ask clients of a service on its way out to come back over another connection."""
    if _service(worker).shutdown.begun:
        req.force_close()


def worker_exit(_server: Any, worker: Any) -> None:
    """Send the last spans."""
    if hasattr(worker, "wsgi"):
        _service(worker).telemetry.stop_export()


def _service(worker: Any) -> Service:
    service: Service = worker.wsgi.extensions["chassis"]
    return service


def _write_problem(client: socket.socket, status: int, reason: str, message: str) -> None:
    """Answer what is not HTTP with a problem document too, and close."""
    document = {"type": "about:blank", "title": reason, "status": status, "detail": message or reason}
    body = json.dumps(document).encode()
    head = (
        f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: {MEDIA_TYPE}\r\n"
        f"Content-Length: {len(body)}\r\n{VERSION_HEADER}: {_settings.app_version}\r\n\r\n"
    )
    util.write_nonblock(client, head.encode("latin-1") + body)


# gunicorn answers requests that it cannot parse by itself, and has no hook for it.
util.write_error = _write_problem
