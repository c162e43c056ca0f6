"""What the pods of the node share: the store, the catalogue, the folders, and the ways to the rest of the cluster."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from embedded.apiserver.store import Store
from embedded.events import EventRecorder
from embedded.kubelet.account import ApiAccess
from embedded.kubelet.actions import Actions
from embedded.kubelet.images import Catalogue
from embedded.kubelet.logs import Logs
from embedded.kubelet.volumes import Volumes
from embedded.network import Network, PodAddress
from embedded.processes import ProcessTable

# Kubernetes begins at 10 s. A drill lives for a minute and its images are at hand, so waiting longer teaches nothing.
BACK_OFF_FIRST = 1.0
BACK_OFF_LAST = 300.0


class BackOff:
    """Pauses that double from one failure to the next."""

    def __init__(self) -> None:
        self._next = BACK_OFF_FIRST

    def take(self) -> float:
        """Return the next pause."""
        pause, self._next = self._next, min(self._next * 2, BACK_OFF_LAST)
        return pause

    def reset(self) -> None:
        """Begin anew, after something went well for long."""
        self._next = BACK_OFF_FIRST


class Signal:
    """Wakes all that wait for something to change."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def fire(self) -> None:
        """Wake everybody who waits now."""
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Wait for the next change, but no longer than so many seconds."""
        # Not asyncio.wait_for: before Python 3.12 it may lose a cancellation that comes together with the event.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()


@dataclass
class Runtime:
    """What the kubelet gives to each pod.

    Attributes:
        store: the cluster's storage.
        events: speaks as the kubelet.
        catalogue: the images.
        processes: starts processes.
        network: gives addresses.
        actions: carries out probes and hooks.
        logs: where outputs go.
        pods: folder of the pods' own folders.
        claims: folder of the persistent volume claims.
        node_ip: the node's address.
        proxy: gives the HTTP proxy of a namespace's pods, if there is a mesh.
        drained: waits until no proxy sends anything to an address any more.
        access: how pods reach the API server, if they may.
        outside: real addresses of Services that pods reach without a proxy, see `outside`.
        addresses: addresses of the pods, by uid.
        configuration: fires when a ConfigMap, Secret or claim has changed.
    """

    store: Store
    events: EventRecorder
    catalogue: Catalogue
    processes: ProcessTable
    network: Network
    actions: Actions
    logs: Logs
    pods: Path
    claims: Path
    node_ip: str
    proxy: Callable[[str], str] | None = None
    drained: Callable[[str, int], Awaitable[None]] | None = None
    access: ApiAccess | None = None
    outside: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, PodAddress] = field(default_factory=dict)
    configuration: Signal = field(default_factory=Signal)


@dataclass
class Sandbox:
    """What the containers of one pod share.

    Attributes:
        pod: the pod as it is stored.
        address: where it is reached.
        folder: its own folder.
        volumes: its volumes.
    """

    pod: dict[str, Any]
    address: PodAddress
    folder: Path
    volumes: Volumes

    @property
    def namespace(self) -> str:
        """Return the pod's namespace."""
        return str(self.pod["metadata"]["namespace"])

    @property
    def name(self) -> str:
        """Return the pod's name."""
        return str(self.pod["metadata"]["name"])
