"""Brings Envoy from one configuration to the next in the order that loses no request.

Whatever is new is known before anything is routed to it; whatever goes is no longer routed to before it is removed; and
each step waits until Envoy has said that it took over the last.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time

from embedded.mesh import admin as names
from embedded.mesh import endpoints
from embedded.mesh.addresses import Address
from embedded.mesh.admin import Admin, Status
from embedded.mesh.files import Files, Versions
from embedded.mesh.translate import Configuration, Resources

_LOG = logging.getLogger(__name__)
_PATIENCE = 5.0
_POLL = 0.001
_WHY = re.compile(r"config update rejected: (.+?)(?=\n\[\d{4}-|\Z)", re.DOTALL)
# Envoy writes its log with a delay.
_LOG_DELAY = 1.0
_LOG_POLL = 0.02
_LONGEST_REASON = 600


class RefusedError(Exception):
    """Envoy refused a configuration; the former one is in force.

    Args:
        message: Envoy's own words.
    """


class RefusedListenersError(Exception):
    """Envoy could not listen at some addresses.

    Args:
        why: Envoy's words by name of the listener.
    """

    def __init__(self, why: dict[str, str]) -> None:
        super().__init__(", ".join(why))
        self.why = why


class Delivery:
    """Writes configurations and waits until Envoy has them.

    Args:
        files: Envoy's folder.
        admin: Envoy's administration interface.
    """

    def __init__(self, files: Files, admin: Admin) -> None:
        self._files = files
        self._admin = admin
        self._refusals: dict[str, int] = {}
        # What was written, but could not be acknowledged because Envoy was away.
        self._owed: Versions = {}
        self._logged = files.log_size()
        # Where Envoy may still send requests to.
        self.live: set[Address] = set()

    @property
    def acknowledged(self) -> bool:
        """Tell whether Envoy has taken over everything that was written."""
        return not self._owed

    def start(self, versions: Versions) -> None:
        """Take note of what was written for an Envoy that has not been started."""
        self._owed = versions
        self.live = _addresses(self._files.content)

    async def deliver(self, wanted: Configuration) -> None:
        """Bring Envoy to a configuration.

        Raises:
            RefusedError: Envoy refuses it; it has been brought back to the former one.
            RefusedListenersError: Envoy could not listen at some addresses; all the rest is in force.
        """
        before = self._files.content
        try:
            await self._stages(before, wanted)
        except RefusedError:
            await self._restore(before)
            raise

    async def settle(self) -> None:
        """Wait, if Envoy is there, for what it owes.

        Raises:
            RefusedError: Envoy refuses what it read when it started.
            RefusedListenersError: likewise.
        """
        await self._await(self._owed)

    async def _stages(self, before: Configuration, wanted: Configuration) -> None:
        if before.routes != wanted.routes or before.listeners != wanted.listeners:
            await self._write_clusters(_widened(before, wanted))
            await self._await(self._files.write_routes(wanted))
        await self._write_clusters(wanted)
        self._files.tidy()

    async def _write_clusters(self, wanted: Configuration) -> None:
        new = _addresses(wanted)
        self.live |= new
        versions = self._files.write_clusters(wanted)
        if versions:
            await self._await(versions)
        if self.acknowledged:
            await self._admin.pass_worker()
            self.live = new

    async def _restore(self, before: Configuration) -> None:
        """Write the former configuration again, in the order that suits a step back as well."""
        self._owed = {}
        try:
            await self._stages(self._files.content, before)
        except (RefusedError, RefusedListenersError) as error:
            _LOG.error("Envoy refuses the configuration that it had before: %s", error)

    async def _await(self, versions: Versions) -> None:
        """Wait until these versions are in force and warm; without Envoy they are owed."""
        subscriptions = self._files.subscriptions_of(self._files.content)
        self._owed = {name: each for name, each in {**self._owed, **versions}.items() if name in subscriptions}
        deadline = time.monotonic() + _PATIENCE
        while (status := await self._admin.status()) is not None:
            await self._raise_refusals(status)
            self._owed = {name: version for name, version in self._owed.items() if status.versions.get(name) != version}
            if not self._owed and not status.warming:
                return
            if time.monotonic() > deadline:
                _LOG.warning("Envoy has not acknowledged within %s s: %s", _PATIENCE, ", ".join(sorted(self._owed)))
                return
            await asyncio.sleep(_POLL)

    async def _raise_refusals(self, status: Status) -> None:
        known, self._refusals = self._refusals, status.refusals
        refused = {name for name, count in status.refusals.items() if count > known.get(name, 0)}
        if not refused:
            return
        if refused == {names.LISTENERS} and (why := await self._admin.failed_listeners()):
            self._owed.pop(names.LISTENERS, None)
            raise RefusedListenersError(why)
        raise RefusedError(await self._why())

    async def _why(self) -> str:
        """Find Envoy's reason in what it logged since the last time; the administration interface does not tell it."""
        deadline = time.monotonic() + _LOG_DELAY
        while time.monotonic() < deadline:
            reasons = _WHY.findall(self._files.log_text(self._logged))
            if reasons:
                self._logged = self._files.log_size()
                return " ".join(reasons[-1].split())[:_LONGEST_REASON]
            await asyncio.sleep(_LOG_POLL)
        return "no reason was found in Envoy's log"


def _widened(before: Configuration, wanted: Configuration) -> Configuration:
    """Return the clusters and endpoints of both, so that routes of either find what they need."""
    return Configuration(
        clusters={**before.clusters, **wanted.clusters},
        endpoints=_union(before.endpoints, wanted.endpoints),
    )


def _union(before: Resources, wanted: Resources) -> Resources:
    both = {**before, **wanted}
    for name in before.keys() & wanted.keys():
        if before[name] != wanted[name]:
            members = {*endpoints.members(before[name]), *endpoints.members(wanted[name])}
            both[name] = endpoints.assignment(name, sorted(members))
    return both


def _addresses(configuration: Configuration) -> set[Address]:
    return {address for each in configuration.endpoints.values() for address in endpoints.members(each)}
