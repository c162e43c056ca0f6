"""Which kills a campaign consists of: spread evenly over every transition of every kind of release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Ending = Literal["resume", "abort"]
ENDINGS: tuple[Ending, ...] = ("resume", "abort")


@dataclass(frozen=True)
class DryPass:
    """A release that nobody killed, and what it changed on the cluster.

    Attributes:
        strategy: its strategy.
        twin: name of the release that was tried.
        transitions: the requests that changed something, in order, such as ``PATCH virtualservices/order``.
    """

    strategy: str
    twin: str
    transitions: tuple[str, ...]


@dataclass(frozen=True)
class Kill:
    """One death of a release, and what is done about it.

    Attributes:
        strategy: strategy of the release.
        twin: name of the release that is tried.
        transition: number of the request with which it dies, from 1.
        what: that request in the dry pass.
        after: whether the request still arrives.
        ending: what is done with the dead release.
    """

    strategy: str
    twin: str
    transition: int
    what: str
    after: bool
    ending: Ending

    def __str__(self) -> str:
        when = "after" if self.after else "before"
        return f"{self.strategy} {self.twin}, killed {when} {self.transition} ({self.what}), {self.ending}"


def spread(passes: Sequence[DryPass], count: int) -> list[Kill]:
    """Return so many kills, spread evenly over the transitions of the dry passes.

    Before and after, resumed and aborted take turns, so that a campaign of any length has some of each, and one of
    four times as many kills as transitions has every combination.
    """
    points = [(one, number) for one in passes for number in range(1, len(one.transitions) + 1)]
    return [_kill(*points[turn * len(points) // count], turn) for turn in range(count if points else 0)]


def _kill(point: DryPass, number: int, turn: int) -> Kill:
    after, ending = bool(turn % 2), ENDINGS[turn // 2 % len(ENDINGS)]
    return Kill(point.strategy, point.twin, number, point.transitions[number - 1], after, ending)
