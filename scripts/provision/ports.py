"""Whether a port of this machine is free, and if not, who has it."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import psutil


def problems(port: int) -> Iterator[str]:
    """Yield one line if a port of 127.0.0.1 is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OverflowError:
            yield f"GATEWAY_PORT={port} is no port: choose one between 1024 and 65535"
        except PermissionError:
            yield f"port {port} needs root: choose another with GATEWAY_PORT"
        except OSError:
            yield f"port {port} is taken by {_holder(port)}: stop that, or choose another port with GATEWAY_PORT"


def _holder(port: int) -> str:
    """Return the process that listens, as far as this user may know."""
    try:
        found = [
            connection.pid
            for connection in psutil.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,) and connection.pid
        ]
        return f"process {found[0]} ({psutil.Process(found[0]).name()})" if found else "another user's process"
    except psutil.Error:
        return "another process"
