"""The switch of blue-green, by the selector of the Service and by its route: how soon, and at what cost."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict

from bench import shop
from bench.figures import Figure, Result, Target
from bench.flips import Flip, Patched, seen
from bench.load import LoadError
from bench.room import Room
from cluster import Cluster
from cluster.routing import FULL, Router
from delivery.rollout import Rollout
from drills.probes import EPOCH, Plan, ProbeError, Prober

SERVICE, IMAGE = "order", "order:v2"
STABLE, NEW = "v1", "v2"
RATE = 200.0
FLIPS = 20
# Without traffic no release begins.
STEADY_S = 5.0
# Between two flips: longer than the slowest request of the one before.
PAUSE_S = 1.0
# Where the two strategies are at home: how the overlay's name ends.
STAGES = {"blue-green": "-blue-green", "blue-green-route": ""}

Flipper = Callable[[str], object]


def measure(room: Room) -> Result:
    """Flip all users to and fro under load, by each strategy.

    Raises:
        LoadError: the prober cannot probe, or a version never answered.
        CalledProcessError: the cluster does not start.
    """
    found: dict[str, list[Flip]] = {}
    with shop.running(room.state):
        for strategy, ending in STAGES.items():
            room.say(f"{FLIPS} flips of {strategy} under {RATE:g} requests/s")
            shop.stage(room.state, ending)
            with shop.connected(room.state) as cluster:
                found[strategy] = _flipped(cluster, strategy)
    return Result(
        figures=[figure for strategy, flips in found.items() for figure in _figures(strategy, flips)],
        targets=[_none_failed(found)],
        detail={strategy: [asdict(flip) for flip in flips] for strategy, flips in found.items()},
    )


def _flipped(cluster: Cluster, strategy: str) -> list[Flip]:
    """Bring the new version up beside the stable one under load, flip, and take it away again."""
    prober = Prober(Plan(cluster.gateway_url, RATE, SERVICE))
    try:
        prober.start()
        time.sleep(STEADY_S)
        patches = _released(cluster, strategy)
        schedule = prober.stop()
        if not schedule.kept:
            raise LoadError(f"this machine is too busy: {schedule.late} of {schedule.due} requests left late")
        return seen(patches, [sample for sample in prober.samples if sample.service == SERVICE])
    except (ProbeError, ValueError) as error:
        raise LoadError(str(error)) from error
    finally:
        prober.stop()


def _released(cluster: Cluster, strategy: str) -> list[Patched]:
    rollout = Rollout(cluster, SERVICE, strategy=strategy)
    rollout.start(IMAGE, verify=False)
    try:
        return list(_patched(_flipper(cluster, strategy)))
    finally:
        rollout.abort("measured")


def _patched(flip: Flipper) -> Iterator[Patched]:
    for turn in range(FLIPS):
        version = STABLE if turn % 2 else NEW
        time.sleep(PAUSE_S)
        at = EPOCH + time.monotonic()
        flip(version)
        time.sleep(PAUSE_S)
        yield Patched(at, version, EPOCH + time.monotonic())


def _flipper(cluster: Cluster, strategy: str) -> Flipper:
    """Return what sends all users to a version with the one patch that the strategy makes."""
    if strategy == "blue-green":
        selector = cluster.services.get(SERVICE)["spec"]["selector"]
        return lambda version: cluster.patch_selector(SERVICE, {**selector, "version": version})
    router = Router(cluster)
    return lambda version: router.set_weights(SERVICE, {"canary" if version == NEW else "stable": FULL})


def _figures(strategy: str, flips: list[Flip]) -> Iterator[Figure]:
    name = strategy.replace("-", "_")
    for what, times in (("first_new", [flip.first for flip in flips]), ("last_old", [flip.last for flip in flips])):
        remark = f"after the patch, median of {len(flips)} flips, {min(times):.0f} to {max(times):.0f}"
        yield Figure(f"{name}_{what}_request", round(statistics.median(times), 1), "ms", remark)
    yield Figure(f"{name}_failed", sum(flip.failed for flip in flips), "requests", f"of {RATE:g} a second")


def _none_failed(found: dict[str, list[Flip]]) -> Target:
    failed = {strategy: sum(flip.failed for flip in flips) for strategy, flips in found.items()}
    said = ", ".join(f"{count} by {strategy}" for strategy, count in failed.items())
    return Target("no request fails at a switch", not any(failed.values()), said)
