"""Tells in advance where Envoy cannot listen, so that one Service's address does not spoil the configuration."""

from __future__ import annotations

import errno
import socket

from embedded.mesh.addresses import Address
from embedded.mesh.translate import Resources


class Sockets:
    """Remembers which addresses were refused."""

    def __init__(self) -> None:
        self._refused: dict[Address, str] = {}

    def refuse(self, address: Address, why: str) -> None:
        """Take note that Envoy could not listen there."""
        self._refused[address] = why

    def forget(self) -> None:
        """Give the refused addresses another chance."""
        self._refused.clear()

    def obstacle(self, address: Address, listeners: Resources) -> str | None:
        """Return why Envoy cannot listen at an address, None if it can or does already."""
        if address in self._refused:
            return self._refused[address]
        return None if address in held(listeners).values() else _try(address)


def held(listeners: Resources) -> dict[str, Address]:
    """Return the addresses of listeners by name."""
    sockets = {name: listener["address"]["socket_address"] for name, listener in listeners.items()}
    return {name: Address(each["address"], each["port_value"]) for name, each in sockets.items()}


def _try(address: Address) -> str | None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno == errno.EACCES:
                return f"only root or CAP_NET_BIND_SERVICE may listen at {address}; callers with the proxy are served"
            return f"cannot listen at {address}: {error.strerror}; callers with the proxy are served"
    return None
