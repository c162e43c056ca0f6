"""The worlds in which the policies are compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from bench.simulation.times import Slowness
from bench.simulation.world import Bursts, World

WEIGHTS = (10, 50)
RATES = (50, 200, 500)
STABLE_ERRORS = (0.001, 0.01)
ERRORS = (1.0, 0.2, 0.05)
SLOWNESS = {
    "+10 %": Slowness(factor=1.1),
    "+50 %": Slowness(factor=1.5),
    "2 x": Slowness(factor=2.0),
    "1 % +500 ms": Slowness(share=0.01, extra_ms=500.0),
}
# A service's usual errors, in the worlds that are about something else.
FEW = 0.001


def failing() -> Iterator[World]:
    """Yield worlds whose new version fails more requests."""
    for weight, errors, rate, stable in product(WEIGHTS, ERRORS, RATES, STABLE_ERRORS):
        yield World(weight, rate, stable, errors)


def slow() -> Iterator[World]:
    """Yield worlds whose new version is slower."""
    for weight, slowness, rate in product(WEIGHTS, SLOWNESS.values(), RATES):
        yield World(weight, rate, FEW, FEW, slowness)


def sound() -> Iterator[World]:
    """Yield worlds whose new version is like the stable one, in which nobody looks at times."""
    for weight, rate, stable in product(WEIGHTS, RATES, STABLE_ERRORS):
        yield World(weight, rate, stable, stable)


def sound_with_times() -> Iterator[World]:
    """Yield worlds whose new version is like the stable one, times and all."""
    for weight in WEIGHTS:
        yield World(weight, max(RATES), FEW, FEW, Slowness())


def bursting() -> Iterator[World]:
    """Yield worlds of equal versions whose errors come in bursts: shared ones, and each version's own."""
    for shared in (True, False):
        yield World(10, max(RATES), FEW, FEW, bursts=Bursts(shared=shared))


def without_harm(world: World) -> World:
    """Return the world in which the same release is no worse than the stable version."""
    return replace(world, candidate=world.stable, slowness=Slowness() if world.slowness else None)


def on_the_ramp() -> Iterator[World]:
    """Yield worlds in which a release goes up by itself; the weight is the one that others begin with."""
    yield from (world for world in failing() if world.weight == min(WEIGHTS))
    for rate, stable in product(RATES, STABLE_ERRORS):
        yield World(min(WEIGHTS), rate, stable, stable, Slowness())


def name(world: World) -> str:
    """Return what a world is called in a table: weight, requests a second, errors of the stable version, harm."""
    where = f"{world.weight} % of {world.rate}/s, {world.stable * 100:g} %"
    if world.bursts:
        return f"{where}, bursts {'shared' if world.bursts.shared else 'of its own'}"
    harm = next((name for name, slowness in SLOWNESS.items() if slowness == world.slowness), "")
    if harm:
        return f"{where}, {harm}"
    if world.candidate == world.stable:
        return f"{where}, times too" if world.slowness else where
    return f"{where} -> {world.candidate * 100:g} %"
