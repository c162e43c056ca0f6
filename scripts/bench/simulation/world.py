"""A world whose truth is known, and the traffic of many releases in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.simulation.times import Slowness

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Bursts:
    """Errors that come together.

    Attributes:
        share: of the requests that fail while a burst lasts.
        seconds: how long it lasts.
        every: seconds from the beginning of one to the beginning of the next.
        shared: both versions have them at the same time, as with a database that is away; else each has its own.
    """

    share: float = 0.3
    seconds: int = 3
    every: int = 200
    shared: bool = False


@dataclass(frozen=True)
class World:
    """One release as it really is.

    Attributes:
        weight: share of the users on the new version, in percent.
        rate: requests a second, of both versions together.
        stable: share of the stable version's requests that fail.
        candidate: share of the new version's requests that fail.
        slowness: how much slower the new version is; None for a world in which nobody looks at times.
        bursts: errors on top of those.
    """

    weight: int
    rate: int
    stable: float
    candidate: float
    slowness: Slowness | None = None
    bursts: Bursts | None = None

    @property
    def part(self) -> float:
        """Return the share of the users on the new version, between 0 and 1."""
        return self.weight / 100

    @property
    def per_scrape(self) -> float:
        """Return how many requests of the new version come within a second, which is one scrape."""
        return self.rate * self.part

    def shares(self, errors: float, slowness: Slowness) -> Floats:
        """Return the share of each class: those of times, or one for all that is well, and failed at the end."""
        well = slowness.shares() if self.slowness else np.ones(1)
        return np.append(well * (1 - errors), errors)


@dataclass(frozen=True)
class Traffic:
    """What came of it, second by second: arrays of releases, seconds and classes, failed being the last class.

    Attributes:
        candidate: counts of the new version.
        reference: counts of the stable version.
    """

    candidate: Counts
    reference: Counts


def draw(world: World, releases: int, seconds: int, rng: np.random.Generator) -> Traffic:
    """Return the traffic of some releases at a constant rate; the weight is a chance for each request."""
    new = rng.binomial(world.rate, world.part, size=(releases, seconds))
    old = world.rate - new
    if world.bursts:
        bad, worse = _failing(world, releases, seconds, rng)
        return Traffic(_well_and_failed(new, worse, rng), _well_and_failed(old, bad, rng))
    slow = world.shares(world.candidate, world.slowness or Slowness())
    usual = world.shares(world.stable, Slowness())
    return Traffic(rng.multinomial(new, slow), rng.multinomial(old, usual))


def _well_and_failed(requests: Counts, share: Floats, rng: np.random.Generator) -> Counts:
    failed = rng.binomial(requests, share)
    return np.stack([requests - failed, failed], axis=-1)


def _failing(world: World, releases: int, seconds: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return the share of failing requests of the stable and of the new version at each second."""
    mine, theirs = _burning(world, releases, seconds, rng), _burning(world, releases, seconds, rng)
    assert world.bursts is not None  # noqa: S101 - who calls has looked
    share = world.bursts.share
    both = mine if world.bursts.shared else theirs
    return np.where(mine, share, world.stable), np.where(both, share, world.candidate)


def _burning(world: World, releases: int, seconds: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    assert world.bursts is not None  # noqa: S101 - who calls has looked
    begins = rng.integers(world.bursts.every, size=(releases, 1))
    return np.asarray((np.arange(seconds) + begins) % world.bursts.every < world.bursts.seconds)
