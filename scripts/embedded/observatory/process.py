"""The observatory as a process of the cluster: how it is started, and whether it answers."""

from __future__ import annotations

import sys
from pathlib import Path

import aiohttp

from embedded.mesh.addresses import Address
from embedded.state import State

_TIMEOUT = aiohttp.ClientTimeout(total=2)
# It finds its own code, whatever folder it runs in.
ENVIRONMENT = {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}


class ObservatoryProcess:
    """What the supervisor needs to know of the observatory.

    Args:
        state: the state folder, with the logs that it follows.
        address: where it listens.
        prometheus: where Prometheus answers.
        access_log: Envoy's access log.
    """

    def __init__(self, state: State, address: Address, prometheus: Address, access_log: Path) -> None:
        self._state = state
        self._address = address
        self._prometheus = prometheus
        self._access_log = access_log

    def command(self) -> list[str]:
        """Return the command line; whoever runs it restarts it when it dies."""
        options = {
            "--listen": str(self._address),
            "--folder": str(self._state.folder / "observatory"),
            "--prometheus": f"http://{self._prometheus}",
            "--kubeconfig": str(self._state.kubeconfig),
            "--logs": str(self._state.logs),
            "--access-log": str(self._access_log),
        }
        return [sys.executable, "-m", "embedded.observatory", *(word for pair in options.items() for word in pair)]

    async def ready(self) -> bool:
        """Tell whether the observatory answers."""
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT) as session,
                session.get(f"http://{self._address}/readyz") as response,
            ):
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False
