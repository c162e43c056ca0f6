"""Cluster addresses of Services: who gives them out."""

from __future__ import annotations

import ipaddress
import itertools
from typing import Protocol


class ServiceAddresses(Protocol):
    """Gives out addresses to Services; the networking of the cluster decides which.

    An address may come a second time: whoever asks knows which ones are taken, and asks again. The same address twice
    in a row says that all Services share it.
    """

    def allocate(self) -> str:
        """Return an address for a new Service."""


class OneAddress:
    """All Services share one address and differ by port: where the machine has a single loopback address."""

    def allocate(self) -> str:
        """Return the loopback address."""
        return "127.0.0.1"


class AddressPool:
    """The addresses of a network, in turn.

    Args:
        network: where to take them from, such as ``127.20.128.0/17``.
    """

    def __init__(self, network: str) -> None:
        self._addresses = itertools.cycle(ipaddress.ip_network(network).hosts())

    def allocate(self) -> str:
        """Return the next address."""
        return str(next(self._addresses))
