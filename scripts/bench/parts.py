"""The parts of the benchmarks by name; whoever adds one adds a line to PARTS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench import cluster, dev, judge, observing, prober, release, service, switch
from bench.figures import Result
from bench.room import Room


@dataclass(frozen=True)
class Part:
    """One benchmark that can be run by itself.

    Attributes:
        about: what it measures, in one line.
        measure: measures it; a `LoadError` or a `CalledProcessError` says that it could not be carried out.
    """

    about: str
    measure: Callable[[Room], Result]


PARTS: dict[str, Part] = {
    "judge": Part("the judge beside the policies of others, simulated", judge.measure),
    "release": Part("real canaries, by this judge and by fixed thresholds", release.measure),
    "switch": Part("how soon a patch moves all users, by selector and by route", switch.measure),
    "service": Part("what observing costs, by the chassis and by the usual libraries", service.measure),
    "observing": Part("what each part of observing costs, left out by itself", observing.measure),
    "prober": Part("the highest rate that the drills' prober keeps, beside wrk", prober.measure),
    "dev": Part("from a saved file to new pods that answer with it", dev.measure),
    "cluster": Part(
        "start, memory at rest, and how soon a patched weight routes",
        lambda room: Result(cluster.measure(room.state, room.say)),
    ),
}
