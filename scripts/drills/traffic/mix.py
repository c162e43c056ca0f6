"""The mix of requests that the prober sends, by the service under release."""

from __future__ import annotations

import importlib
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from drills.traffic import order, user
from drills.traffic.calls import Call, Make, Send

Shares = Mapping[str, int]


def _of(service: str, shares: Shares) -> dict[str, int]:
    return {f"{service}.{kind}": share for kind, share in shares.items()}


# Where services are seen through each other: every order placed makes the order service ask the user service. A service
# that is not here is alone: it is sent its own requests only.
MIX: dict[str, Shares] = {
    "order": _of("order", order.SHARES) | {"user.read": 10},
    "user": _of("user", user.SHARES) | {"order.read": 15, "order.list": 5, "order.place": 18, "order.repeat": 2},
}


class Requests(Protocol):
    """What the module of a service knows to ask for."""

    async def prepare(self, send: Send) -> None:
        """Create what later requests read."""

    def kinds(self) -> dict[str, Make]:
        """Return what makes a request, by its kind."""


class UnknownServiceError(Exception):
    """Nobody has written down what a service is asked for; one line."""


class Traffic:
    """An endless, repeatable sequence of calls.

    Args:
        service: the service under release.
        seed: makes the sequence repeatable.

    Raises:
        UnknownServiceError: no module says what it is asked for.
    """

    def __init__(self, service: str, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a mix of traffic, not a secret
        self._requests, shares = _known(self._random, service) if service in MIX else _alone(self._random, service)
        makers = {
            f"{name}.{kind}": make for name, each in self._requests.items() for kind, make in each.kinds().items()
        }
        self._makers, self._shares = [makers[name] for name in shares], list(shares.values())

    async def prepare(self, send: Send) -> None:
        """Create what the later requests read, in the order in which one needs the other.

        Args:
            send: sends one call, returns the JSON body of a right answer and raises on any other.
        """
        for each in self._requests.values():
            await each.prepare(send)

    def __iter__(self) -> Iterator[Call]:
        while True:
            [make] = self._random.choices(self._makers, self._shares)
            yield make()


def _known(chance: random.Random, service: str) -> tuple[dict[str, Requests], Shares]:
    users = user.Requests(chance)
    return {"user": users, "order": order.Requests(chance, users)}, MIX[service]


def _alone(chance: random.Random, service: str) -> tuple[dict[str, Requests], Shares]:
    name = service.replace("-", "_")
    if not (Path(__file__).parent / f"{name}.py").is_file():
        raise UnknownServiceError(f"nobody says what {service} is asked for: write scripts/drills/traffic/{name}.py")
    module = importlib.import_module(f"drills.traffic.{name}")
    return {service: module.Requests(chance)}, _of(service, module.SHARES)
