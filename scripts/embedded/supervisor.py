"""The supervisor: the process that is the cluster; Envoy, Prometheus, the observatory and the pods are its children."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from aiohttp import web

from embedded import certificates, kubeconfig
from embedded.apiserver.resources import NODES
from embedded.apiserver.server import create_app
from embedded.assembly import Cluster, assemble
from embedded.daemons import Daemon
from embedded.events import EventRecorder
from embedded.guard import Guard
from embedded.kubelet.node import NODE
from embedded.mesh.addresses import Address
from embedded.network import open_network
from embedded.observatory.process import ENVIRONMENT
from embedded.parts import Part, keep_running
from embedded.processes import ProcessTable
from embedded.state import ClusterError, State

# A cluster that is not there after this long will not come: a warm machine takes about two seconds.
READY_DEADLINE = 60.0
_POLL = 0.02
# A part that takes longer to let go is left to the end of the event loop.
_CANCEL_DEADLINE = 5.0
log = logging.getLogger(__name__)


class Supervisor:
    """Runs one cluster.

    Args:
        state: its state folder; the caller holds its lock.
        guard: what ends the cluster's processes if this one is killed.
        images: the image catalogue.
    """

    def __init__(self, state: State, guard: Guard, images: Path) -> None:
        self._state = state
        self._images = images
        self._guard = guard
        self._processes = ProcessTable(state.processes, str(state.folder))
        self._tasks: list[asyncio.Task[None]] = []
        self._daemons: list[Daemon] = []
        self._ready = False

    async def run(self, ready: Callable[[dict[str, str]], None], stop: asyncio.Event) -> None:
        """Run the cluster until told to stop.

        Args:
            ready: called with the addresses once everything answers.
            stop: set when the cluster shall end.

        Raises:
            ClusterError: it cannot start; says why and what to do.
        """
        network, listener = open_network(self._state)
        api = Address(*listener.getsockname())
        cluster = assemble(self._state, network, api, self._processes, self._images)
        try:
            cluster.prepare()
            async with self._api_server(cluster, listener):
                self._start(cluster)
                if await self._becomes_ready(cluster, stop):
                    self._ready = True
                    self._write_status(cluster)
                    ready(addresses(self._state, cluster))
                await stop.wait()
                log.info("stopping")
                await self._stop(cluster)
        finally:
            await self._cancel()
            cluster.store.close()

    @contextlib.asynccontextmanager
    async def _api_server(self, cluster: Cluster, listener: socket.socket) -> AsyncIterator[None]:
        keys = certificates.credentials(self._state.tls, cluster.api.host)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(keys.certificate, keys.key)
        app = create_app(cluster.store, cluster.registry, token=keys.token, logs=cluster.logs)
        # Watches last as long as the server: nobody waits for their end.
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.SockSite(runner, listener, ssl_context=context).start()
            kubeconfig.write(self._state.kubeconfig, f"https://{cluster.api}", keys)
            yield
        finally:
            await runner.cleanup()

    def _start(self, cluster: Cluster) -> None:
        def crashed(message: str) -> None:
            log.warning(message)
            node = cluster.store.get(NODES, "", NODE)
            EventRecorder(cluster.store, "supervisor").warning(node, "Restarting", message)

        commands = {
            "envoy": (cluster.mesh.envoy_command, {}),
            "prometheus": (cluster.prometheus.prometheus_command, {}),
            "observatory": (cluster.observatory.command, ENVIRONMENT),
        }
        self._daemons = [
            Daemon(name, command, self._state.folder / name, self._processes, crashed, env)
            for name, (command, env) in commands.items()
        ]
        parts: list[tuple[str, Part]] = [
            ("guard", self._guard),
            *((daemon.name, daemon) for daemon in self._daemons),
            *cluster.parts(),
        ]
        self._tasks = [asyncio.create_task(keep_running(name, part), name=name) for name, part in parts]
        children: list[Guard | Daemon] = [self._guard, *self._daemons]
        for child in children:
            child.on_start = lambda: self._children_changed(cluster)

    async def _becomes_ready(self, cluster: Cluster, stop: asyncio.Event) -> bool:
        """Wait until the daemons answer; returns False if the cluster is to stop before.

        Raises:
            ClusterError: one of them does not.
        """
        late = ""
        try:
            async with asyncio.timeout(READY_DEADLINE):
                while not stop.is_set():
                    if not (late := await self._late(cluster)):
                        return True
                    self._raise_if_crashed()
                    await asyncio.sleep(_POLL)
        except TimeoutError:
            raise ClusterError(f"{late} within {READY_DEADLINE:g} s: see {self._state.folder}") from None
        return False

    async def _late(self, cluster: Cluster) -> str:
        """Return what is still to come, empty if nothing is."""
        if not cluster.mesh.ready():
            return "Envoy did not take its configuration"
        if not await cluster.prometheus.ready():
            return "Prometheus does not answer"
        return "" if await cluster.observatory.ready() else "the observatory does not answer"

    def _raise_if_crashed(self) -> None:
        for daemon in self._daemons:
            if daemon.crashes:
                raise ClusterError(f"{daemon.name} does not start: {daemon.last_words()} (see {daemon.log})")

    def _children_changed(self, cluster: Cluster) -> None:
        if self._ready:
            self._write_status(cluster)

    def _write_status(self, cluster: Cluster) -> None:
        """Write down for `status` what runs where; that there is such a file says that the cluster is ready."""
        pids = {"supervisor": os.getpid(), "guardian": self._guard.pid}
        pids |= {daemon.name: daemon.process.pid if daemon.process else None for daemon in self._daemons}
        content = {"addresses": addresses(self._state, cluster), "processes": pids}
        draft = self._state.status.with_suffix(".tmp")
        draft.write_text(json.dumps(content, indent=2) + "\n")
        draft.replace(self._state.status)

    async def _stop(self, cluster: Cluster) -> None:
        """End pods and daemons gracefully: the gateway first, so that nobody is let in any more.

        The observatory goes last: pods send their last spans while they end.
        """
        envoy, prometheus, observatory = self._daemons
        await envoy.stop()
        await asyncio.gather(cluster.kubelet.stop(), prometheus.stop())
        await observatory.stop()

    async def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            _done, late = await asyncio.wait(self._tasks, timeout=_CANCEL_DEADLINE)
            if late:
                log.error("these do not end: %s", ", ".join(task.get_name() for task in late))


def addresses(state: State, cluster: Cluster) -> dict[str, str]:
    """Return where everything answers."""
    return {
        "API server": f"https://{cluster.api}",
        "kubeconfig": str(state.kubeconfig),
        "gateway": f"http://{cluster.gateway}",
        "Prometheus": f"http://{cluster.prometheus_address}",
        "observatory": f"http://{cluster.observatory_address}",
    }
