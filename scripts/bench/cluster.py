"""The embedded cluster: how fast it starts, what it takes at rest, and how soon a patched weight routes."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from bench import memory, shop
from bench.figures import Figure
from bench.watcher import Watcher
from cluster import Cluster
from cluster.routing import Router
from delivery.rollout import Rollout

SERVICE, IMAGE = "order", "order:v2"
FLIPS = 20
# Long enough for the proxies, scrapes and collectors of a start to have settled.
REST_S = 5.0


def measure(state: Path, say: Callable[[str], None]) -> list[Figure]:
    """Start a cluster with an empty state, measure it, and stop it.

    Args:
        state: state folder; it is deleted before and afterwards.
        say: is told what is going on.

    Raises:
        CalledProcessError: the cluster does not start or does not become ready.
    """
    with shop.running(state) as start:
        say("putting the shop on the cluster")
        begun = time.perf_counter()
        shop.stage(state)
        ready = time.perf_counter() - begun
        say("measuring memory at rest")
        time.sleep(REST_S)
        figures = [
            Figure("cluster_start", round(start, 2), "s", "from an empty state folder to ready, everything installed"),
            Figure("shop_ready", round(ready, 2), "s", "migrations and four pods, after that"),
            Figure("memory_at_rest", round(memory.of_tree(_supervisor(state))), "MiB", "all processes, shop included"),
        ]
        say("flipping weights")
        with shop.connected(state) as cluster:
            return figures + _routing(cluster)


def _routing(cluster: Cluster) -> list[Figure]:
    rollout, router = Rollout(cluster, SERVICE), Router(cluster)
    # A release does not begin without traffic.
    with Watcher(cluster.gateway_url, f"/{SERVICE}s/00000000-0000-4000-8000-000000000000") as watcher:
        rollout.start(IMAGE, verify=False)
        try:
            times = sorted(_flip(router, watcher, flip) for flip in range(FLIPS))
        finally:
            rollout.abort("measured")
    remark = (
        f"from the call that patches to the first answer of the other version; {FLIPS} flips, slowest {times[-1]:.0f}"
    )
    return [Figure("patched_weight_to_first_request", round(statistics.median(times), 1), "ms", remark)]


def _flip(router: Router, watcher: Watcher, flip: int) -> float:
    """Move all traffic to the other version and return the milliseconds until a user got it."""
    weights, version = ({"canary": 100}, "v2") if flip % 2 == 0 else ({"stable": 100}, "v1")
    begun = time.perf_counter()
    router.set_weights(SERVICE, weights)
    return (watcher.first(version, begun) - begun) * 1000


def _supervisor(state: Path) -> int:
    return int(json.loads((state / "status.json").read_text())["processes"]["supervisor"])
