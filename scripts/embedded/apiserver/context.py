"""What the handlers of requests share, and the interfaces of the parts that the API server calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web

from embedded.apiserver import definitions
from embedded.apiserver.requests import Address
from embedded.apiserver.resources import Resource, ResourceRegistry
from embedded.apiserver.store import Store


class LogReader(Protocol):
    """Finds the logs that the kubelet wrote."""

    def path(self, namespace: str, pod: str, container: str, previous: bool) -> Path:
        """Return the file with the output of a container, or of its previous start.

        Raises:
            FileNotFoundError: there is none.
        """


@dataclass(frozen=True)
class Context:
    """The parts of the cluster that requests are answered from."""

    store: Store
    registry: ResourceRegistry
    logs: LogReader

    def columns(self, resource: Resource) -> tuple[Mapping[str, Any], ...] | None:
        """Return the additional columns of a custom kind."""
        version = definitions.find(self.store, resource)
        return tuple(version.get("additionalPrinterColumns") or ()) if version else None


CONTEXT = web.AppKey("context", Context)


@dataclass(frozen=True)
class Call:
    """One request about one kind."""

    request: web.Request
    context: Context
    address: Address
    resource: Resource

    @property
    def store(self) -> Store:
        """Return the storage."""
        return self.context.store

    @property
    def namespace(self) -> str:
        """Return the namespace of the object, empty for a cluster-wide kind."""
        return self.address.namespace or ""
