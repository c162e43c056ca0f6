"""The addresses of one cluster: who listens where on this machine.

Linux gives every pod and Service a loopback address of its own; macOS has only 127.0.0.1, so there the cluster chooses
the ports and says so in an annotation of the pod. Both remember their choice, so that addresses survive a restart.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import socket
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from embedded.state import ClusterError, State

PORTS_ANNOTATION = "embedded.proving-ground/ports"
API_SERVER = ("api-server", 6443)
# Second octets to choose from: 127.0 is the host's own, and the rest of the range is left to other programs.
FIRST_BLOCK, BLOCKS = 16, 224
# A pod's address is not given away again before the others have been: no proxy shall take a new pod for an old one.
_LAST = 254


@dataclass(frozen=True)
class PodAddress:
    """Where a pod is reached.

    Attributes:
        ip: its address.
        ports: real port by the container port of the manifest, where they differ.
    """

    ip: str
    ports: dict[int, int] = field(default_factory=dict)

    def real(self, port: int) -> int:
        """Return the port of this machine for a container port."""
        return self.ports.get(port, port)


class Network(Protocol):
    """What the parts of the cluster ask of the network."""

    shared: bool

    def component(self, name: str, port: int) -> tuple[str, int]:
        """Return address and port of a part of the cluster itself, the same at every start."""

    def pod(self, container_ports: Collection[int], taken: Collection[PodAddress]) -> PodAddress:
        """Return an address for a new pod that none of the others has."""

    def pod_addresses(self) -> list[str]:
        """Return every address that a pod may get, for those that must know them in advance."""


class LoopbackPerPod:
    """A block 127.N.0.0/16 for each cluster: .0.x for its parts, .1.x for pods, the upper half for Services.

    Args:
        block: the second octet.
        state: where the addresses of the cluster's parts are remembered.
    """

    shared = False

    def __init__(self, block: int, state: State) -> None:
        self.block = block
        self.services = f"127.{block}.128.0/17"
        self._state = state
        self._next = 0

    def component(self, name: str, port: int) -> tuple[str, int]:
        """Return the part's own address and the port as it is.

        Raises:
            ClusterError: there are no more addresses for parts.
        """
        if name == API_SERVER[0]:
            return f"127.{self.block}.0.1", port
        remembered: list[str] = self._state.remembered("hosts") or []
        if name not in remembered:
            remembered.append(name)
            self._state.remember("hosts", remembered)
        if (last := remembered.index(name) + 2) > _LAST:
            raise ClusterError(f"no address left for {name}: the cluster has had too many namespaces, reset it")
        return f"127.{self.block}.0.{last}", port

    def pod(self, container_ports: Collection[int], taken: Collection[PodAddress]) -> PodAddress:  # noqa: ARG002
        """Return the next free address; ports stay as the manifest states them.

        Raises:
            ClusterError: every address is in use.
        """
        used = {address.ip for address in taken}
        addresses = self.pod_addresses()
        for _ in addresses:
            ip = addresses[self._next]
            self._next = (self._next + 1) % len(addresses)
            if ip not in used:
                return PodAddress(ip)
        raise ClusterError(f"all {len(addresses)} pod addresses are in use: delete some pods")

    def pod_addresses(self) -> list[str]:
        """Return every address that a pod may get."""
        return [f"127.{self.block}.1.{last}" for last in range(1, _LAST + 1)]


class SharedLoopback:
    """Everything on 127.0.0.1, with free ports instead of the manifest's.

    Args:
        state: where the ports of the cluster's parts are remembered.
    """

    shared = True
    ADDRESS = "127.0.0.1"

    def __init__(self, state: State) -> None:
        self._state = state
        self._confirmed: set[str] = set()

    def component(self, name: str, port: int) -> tuple[str, int]:  # noqa: ARG002
        """Return 127.0.0.1 and a port: the one of the last start, unless somebody else listens there by now."""
        remembered: dict[str, int] = self._state.remembered("ports") or {}
        if name not in self._confirmed:
            if name not in remembered or in_use(self.ADDRESS, remembered[name]):
                remembered[name] = next(_free_ports(remembered.values()))
                self._state.remember("ports", remembered)
            self._confirmed.add(name)
        return self.ADDRESS, remembered[name]

    def pod(self, container_ports: Collection[int], taken: Collection[PodAddress]) -> PodAddress:
        """Return 127.0.0.1 and a free port for each container port."""
        used = [port for address in taken for port in address.ports.values()]
        used += (self._state.remembered("ports") or {}).values()
        return PodAddress(self.ADDRESS, dict(zip(container_ports, _free_ports(used), strict=False)))

    def pod_addresses(self) -> list[str]:
        """Return the only address there is."""
        return [self.ADDRESS]


def _free_ports(used: Iterable[int]) -> Iterator[int]:
    """Yield ports that nobody listens on; the sockets stay open meanwhile so that none comes twice."""
    used = set(used)
    with contextlib.ExitStack() as stack:
        while True:
            probe = stack.enter_context(socket.socket())
            probe.bind((SharedLoopback.ADDRESS, 0))
            port = probe.getsockname()[1]
            if port not in used:
                yield port


def in_use(host: str, port: int) -> bool:
    """Tell whether somebody listens at an address, or on this port of every address.

    Raises:
        ClusterError: it cannot be listened at for another reason.
    """
    listener = _listen(host, port)
    if listener is not None:
        listener.close()
    return listener is None


def open_network(state: State) -> tuple[Network, socket.socket]:
    """Choose the cluster's addresses, or take the remembered ones, and bind the API server's.

    The bound socket is the proof that no other cluster has these addresses, so it is handed on and never closed.

    Raises:
        ClusterError: another program listens there.
    """
    kind = os.environ.get("EMBEDDED_NETWORK") or ("per-pod" if sys.platform == "linux" else "shared")
    if kind not in ("per-pod", "shared"):
        raise ClusterError(f"EMBEDDED_NETWORK must be per-pod or shared, not {kind!r}")
    if state.remembered("network") not in (None, kind):
        raise ClusterError(
            f"this state was made with EMBEDDED_NETWORK={state.remembered('network')}, not {kind}:"
            " set it so, or delete the state with `python -m embedded reset`"
        )
    network, listener = _shared(state) if kind == "shared" else _per_pod(state)
    state.remember("network", kind)
    return network, listener


def _shared(state: State) -> tuple[Network, socket.socket]:
    network = SharedLoopback(state)
    return network, _listen_or_say(*network.component(*API_SERVER))


def _per_pod(state: State) -> tuple[Network, socket.socket]:
    remembered = state.remembered("block")
    if remembered is not None:
        network = LoopbackPerPod(remembered, state)
        return network, _listen_or_say(*network.component(*API_SERVER))
    for block in _blocks(state):
        network = LoopbackPerPod(block, state)
        listener = _listen(*network.component(*API_SERVER))
        if listener is not None:
            state.remember("block", block)
            return network, listener
    raise ClusterError(
        f"port {API_SERVER[1]} is in use on every loopback address:"
        " stop the program that listens on it, or set EMBEDDED_NETWORK=shared"
    )


def _blocks(state: State) -> Iterator[int]:
    """Yield every block, beginning somewhere that depends on the folder: two clusters rarely meet."""
    start = int.from_bytes(hashlib.sha256(bytes(state.folder)).digest()[:2])
    return (FIRST_BLOCK + (start + offset) % BLOCKS for offset in range(BLOCKS))


def _listen(host: str, port: int) -> socket.socket | None:
    """Return a listening socket, or None if the address is in use."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(socket.SOMAXCONN)
    except OSError as error:
        listener.close()
        if error.errno != errno.EADDRINUSE:
            raise ClusterError(f"cannot listen on {host}:{port}: {error.strerror}") from error
        return None
    return listener


def _listen_or_say(host: str, port: int) -> socket.socket:
    listener = _listen(host, port)
    if listener is None:
        raise taken(host, port)
    return listener


def taken(host: str, port: int) -> ClusterError:
    """Return what to say when a part of the cluster cannot have its address."""
    return ClusterError(
        f"{host}:{port} is in use by another program: stop it, or set EMBEDDED_NETWORK=shared after"
        " `python -m embedded reset`"
    )
