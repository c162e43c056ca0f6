"""The pods of the cluster, by name and by address, as the API server tells."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from embedded.observatory.cluster_source import ClusterApi
from embedded.observatory.errors import SourceError

# Pods that are gone are remembered for what they have left: their last lines and spans come after them.
_REMEMBERED = 2000
_PAUSE = 1.0
_PORTS_ANNOTATION = "embedded.proving-ground/ports"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pod:
    """What lines and spans are told of their pod.

    Attributes:
        namespace: its namespace.
        name: its name.
        app: its label ``app``, empty without.
        version: its label ``version``, empty without.
        track: its label ``track``, empty without.
    """

    namespace: str
    name: str
    app: str = ""
    version: str = ""
    track: str = ""


class Pods:
    """Follows the pods of the cluster.

    Args:
        cluster: the API server.
    """

    def __init__(self, cluster: ClusterApi) -> None:
        self._cluster = cluster
        self._by_name: OrderedDict[tuple[str, str], Pod] = OrderedDict()
        self._by_address: OrderedDict[str, Pod] = OrderedDict()
        self._known = asyncio.Event()

    async def run(self) -> None:
        """Follow the pods until cancelled."""
        while True:
            try:
                for pod in await self._cluster.list("pods"):
                    self.note(pod)
                self._known.set()
                async for _kind, pod in self._cluster.watch("pods"):
                    self.note(pod)
            except SourceError as error:
                log.debug("%s", error)
            await asyncio.sleep(_PAUSE)

    async def known(self, seconds: float) -> None:
        """Wait until the pods have been told once, but no longer than so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._known.wait()

    def note(self, pod: Mapping[str, Any]) -> None:
        """Take in what the API server says of a pod."""
        meta = pod.get("metadata") or {}
        labels = meta.get("labels") or {}
        named = {name: str(labels.get(name, "")) for name in ("app", "version", "track")}
        found = Pod(str(meta.get("namespace", "")), str(meta.get("name", "")), **named)
        _remember(self._by_name, (found.namespace, found.name), found)
        for place in _places(pod):
            _remember(self._by_address, place, found)

    def named(self, namespace: str, name: str) -> Pod:
        """Return a pod; without labels if nothing is known of it."""
        return self._by_name.get((namespace, name)) or Pod(namespace, name)

    def at(self, address: str) -> Pod | None:
        """Return the pod at IP:PORT, None if it is not known."""
        return self._by_address.get(address) or self._by_address.get(address.rpartition(":")[0])

    def enrich(self, attributes: Mapping[str, object]) -> dict[str, object]:
        """Return what is known of the pod that some attributes of a resource name: its track."""
        names = (str(attributes.get(f"k8s.{part}.name", "")) for part in ("namespace", "pod"))
        track = self.named(*names).track
        return {"track": track} if track and "track" not in attributes else {}


def _places(pod: Mapping[str, Any]) -> list[str]:
    """Return where a pod is: its address, or address and ports where all pods share one address."""
    address = (pod.get("status") or {}).get("podIP")
    if not address:
        return []
    ports = json.loads(((pod["metadata"].get("annotations")) or {}).get(_PORTS_ANNOTATION) or "{}")
    return [f"{address}:{port}" for port in ports.values()] or [address]


def _remember(known: OrderedDict[Any, Pod], key: Any, pod: Pod) -> None:
    known[key] = pod
    known.move_to_end(key)
    if len(known) > _REMEMBERED:
        known.popitem(last=False)
