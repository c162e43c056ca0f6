"""What the live page shows at one moment: one JSON object, the same for everybody who looks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from embedded.observatory.cluster_source import Object
from embedded.observatory.errors import SourceError
from embedded.observatory.pages import drill, focus, pods, traffic
from embedded.observatory.pages.focus import Focus, Side
from embedded.observatory.pages.history import History
from embedded.observatory.sources import Sources

_NOTHING = traffic.Tally()
# The last drill stays on the page until the next day's; one drill tells some fifty things.
_LATELY, _MANY = 12 * 3600, 200


class Snapshots:
    """Takes the snapshots; what does not answer is named in them, and the rest is still told.

    Args:
        sources: where all of it comes from.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._history = History()

    async def take(self) -> Object:
        """Return what is there now."""
        now, troubles = time.time(), dict[str, str]()
        last = drill.latest(self._told(now))
        shown: Object = {"time": now, "drill": last, "service": None, "troubles": troubles}
        try:
            cluster = self._sources.cluster
            services, routes = await asyncio.gather(cluster.list("services"), cluster.list("virtualservices"))
            chosen = focus.choose(services, routes, last["service"] if last else "")
            if chosen:
                shown["service"] = await self._service(chosen, now, troubles)
        except SourceError as error:
            troubles["cluster"] = str(error)
        return shown

    def _told(self, now: float) -> list[Object]:
        since = int((now - _LATELY) * 1000)
        return self._sources.annotations.find(start_ms=since, tags=("proving-ground",), limit=_MANY)

    async def _service(self, chosen: Focus, now: float, troubles: dict[str, str]) -> Object:
        tallies, running = await asyncio.gather(
            self._tallies(chosen, now, troubles), self._sources.cluster.list("pods", chosen.namespace)
        )
        return {
            "name": chosen.service,
            "namespace": chosen.namespace,
            "strategy": chosen.strategy,
            "sides": [_side(side, chosen, tallies, running) for side in chosen.sides],
            "all": tallies.get(traffic.ALL, _NOTHING).figures(),
            "history": self._history.drawn(chosen),
        }

    async def _tallies(self, chosen: Focus, now: float, troubles: dict[str, str]) -> traffic.Tallies:
        try:
            tallies = await traffic.now(self._sources.metrics, chosen)
            await self._history.keep(self._sources.metrics, chosen, now, tallies)
        except SourceError as error:
            troubles["metrics"] = str(error)
            return {}
        return tallies


def _side(side: Side, chosen: Focus, tallies: traffic.Tallies, running: Sequence[Object]) -> Object:
    own, figures = pods.of_side(running, chosen, side), tallies.get(side.value, _NOTHING).figures()
    total = sum((tallies.get(each.value, _NOTHING).figures()["rate"] or 0) for each in chosen.sides)
    versions = sorted({str(pod["version"]) for pod in own if pod["version"]})
    return {
        "name": side.name,
        "versions": versions or ([side.value] if chosen.label == focus.VERSION else []),
        "asked": side.asked,
        "observed": round(100 * (figures["rate"] or 0) / total, 1) if total > 0 else None,
        "figures": figures,
        "pods": own,
    }
