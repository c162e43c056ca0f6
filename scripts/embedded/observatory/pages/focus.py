"""Which service the live page shows, its two sides, and the share of the users that each is asked to get."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from embedded.observatory.cluster_source import Object

# The note that a release leaves on its Service until it ends.
RELEASE = "delivery.proving-ground/release"
TRACK, VERSION = "track", "version"
_FULL = 100


@dataclass(frozen=True)
class Side:
    """One of the two versions that a release is about.

    Attributes:
        name: stable or canary, active or preview.
        value: its value of the label that tells the two apart.
        asked: share of the users that it is asked to get, in percent.
    """

    name: str
    value: str
    asked: int


@dataclass(frozen=True)
class Focus:
    """The service on the page.

    Attributes:
        namespace: its namespace.
        service: its name.
        strategy: of the release under way, empty if there is none.
        label: the label that tells the two sides apart: track or version.
        sides: the two sides, the old one first; one alone where no release runs by a selector.
    """

    namespace: str
    service: str
    strategy: str
    label: str
    sides: tuple[Side, ...]


def choose(services: Sequence[Object], routes: Sequence[Object], told: str) -> Focus | None:
    """Return the service under release; else the one that the last drill was about; else the first one that is split.

    Args:
        services: all Services.
        routes: all VirtualServices.
        told: the service that the last drill was about, empty if there was none.
    """
    candidates = [service for service in services if _note(service) or any(_shares(service, routes))]
    ordered = sorted(candidates, key=lambda each: (not _note(each), _name(each) != told, _name(each)))
    return _focus(ordered[0], services, routes) if ordered else None


def _focus(service: Object, services: Sequence[Object], routes: Sequence[Object]) -> Focus:
    note = _note(service)
    strategy = str(note.get("strategy", ""))
    selector = service["spec"].get("selector") or {}
    by_selector = VERSION in selector and strategy in ("", "blue-green")
    sides = _by_selector(service, services, note) if by_selector else _by_weight(service, routes, strategy)
    label = VERSION if by_selector else TRACK
    return Focus(service["metadata"]["namespace"], _name(service), strategy, label, tuple(sides))


def _by_weight(service: Object, routes: Sequence[Object], strategy: str) -> list[Side]:
    shares = next(_shares(service, routes), {})
    called = {"stable": "active", "canary": "preview"} if strategy == "blue-green-route" else {}
    return [Side(called.get(subset, subset), subset, weight) for subset, weight in shares.items()]


def _by_selector(service: Object, services: Sequence[Object], note: Object) -> list[Side]:
    selected = service["spec"]["selector"][VERSION]
    old, new = note.get("stable_version") or selected, note.get("version") or _previewed(service, services)
    sides = [Side("active", old, _FULL if selected == old else 0)]
    return [*sides, Side("preview", new, _FULL - sides[0].asked)] if new and new != old else sides


def _previewed(service: Object, services: Sequence[Object]) -> str:
    """Return the version that the preview Service leads to, empty if there is no such Service."""
    wanted = (service["metadata"]["namespace"], f"{_name(service)}-preview")
    found = [each for each in services if (each["metadata"]["namespace"], _name(each)) == wanted]
    return str((found[0]["spec"].get("selector") or {}).get(VERSION, "")) if found else ""


def _shares(service: Object, routes: Sequence[Object]) -> Iterator[dict[str, int]]:
    """Yield the weights by subset of every route that splits the service."""
    namespace = service["metadata"]["namespace"]
    for virtual_service in routes:
        if virtual_service["metadata"]["namespace"] == namespace:
            for route in virtual_service["spec"].get("http") or ():
                split = route.get("route") or ()
                if len(split) > 1 and all(_leads_to(entry, _name(service), namespace) for entry in split):
                    yield {entry["destination"]["subset"]: int(entry.get("weight", 0)) for entry in split}


def _leads_to(entry: Object, service: str, namespace: str) -> bool:
    destination = entry["destination"]
    full = f"{service}.{namespace}.svc.cluster.local"
    hosts = (service, f"{service}.{namespace}", f"{service}.{namespace}.svc", full)
    return destination.get("host") in hosts and bool(destination.get("subset"))


def _note(service: Object) -> Object:
    text = (service["metadata"].get("annotations") or {}).get(RELEASE, "")
    with contextlib.suppress(ValueError):
        note = json.loads(text)
        return note if isinstance(note, dict) else {}
    return {}


def _name(body: Object) -> str:
    return str(body["metadata"]["name"])
