"""Asks Envoy what it has taken over: versions of its configuration, refusals, what is still warming up."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from embedded.mesh.addresses import Address

CLUSTERS = "cluster_manager.cds"
LISTENERS = "listener_manager.lds"
_FILTER = r"(\.version_text|\.update_rejected|\.warming_clusters|\.total_listeners_warming)$"
_TIMEOUT = aiohttp.ClientTimeout(total=2)


def endpoints_of(cluster: str) -> str:
    """Return how Envoy calls the subscription to the endpoints of a cluster."""
    return f"cluster.{cluster}"


def routes_of(listener: str) -> str:
    """Return how Envoy calls the subscription to the routes of a listener."""
    return f"http.{listener.replace('.', '_')}.rds.{listener}"


@dataclass(frozen=True)
class Status:
    """What Envoy says of its configuration.

    Attributes:
        versions: version in force by subscription.
        refusals: number of refused versions by subscription.
        warming: how many clusters and listeners do not take requests yet.
    """

    versions: dict[str, str] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    warming: int = 0


class Admin:
    """A client of Envoy's administration interface.

    Args:
        address: where it listens.
        stats: Envoy's statistics listener, which is served by the thread that serves all requests.
    """

    def __init__(self, address: Address, stats: Address) -> None:
        self._url = f"http://{address}"
        self._worker = f"http://{stats}/live"
        self._session: aiohttp.ClientSession | None = None

    async def status(self) -> Status | None:
        """Return what Envoy says, None if it does not answer."""
        try:
            return _parse(await self._get("/stats", filter=_FILTER))
        except (aiohttp.ClientError, TimeoutError):
            return None

    async def live(self) -> bool:
        """Tell whether Envoy takes requests."""
        try:
            return (await self._get("/ready")).strip() == "LIVE"
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def pass_worker(self) -> None:
        """Return once the worker has seen what the main thread acknowledged: it takes up one thing after the other."""
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with self._client().get(self._worker) as response:
                await response.read()

    async def failed_listeners(self) -> dict[str, str]:
        """Return why listeners could not be set up, by name."""
        dump = json.loads(await self._get("/config_dump", resource="dynamic_listeners"))
        listeners: list[dict[str, Any]] = dump.get("configs", [])
        errors = [listener["error_state"] for listener in listeners if "error_state" in listener]
        return {error["failed_configuration"]["name"]: error.get("details", "") for error in errors}

    async def reopen_logs(self) -> None:
        """Make Envoy write its logs to new files."""
        async with self._client().post(f"{self._url}/reopen_logs") as response:
            response.raise_for_status()

    async def close(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()
            self._session = None

    async def _get(self, path: str, **query: str) -> str:
        async with self._client().get(self._url + path, params=query) as response:
            return await response.text()

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        return self._session


def _parse(text: str) -> Status:
    versions, refusals, warming = {}, {}, 0
    for line in text.splitlines():
        name, _colon, value = line.rpartition(": ")
        subscription, _dot, statistic = name.rpartition(".")
        if statistic == "version_text":
            versions[subscription] = value.strip('"')
        elif statistic == "update_rejected":
            refusals[subscription] = int(value)
        elif value:
            warming += int(value)
    return Status(versions, refusals, warming)
