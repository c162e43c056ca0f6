"""Simulated traffic as a judge is shown it: blocks of counts, and a baseline measured before the release."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from bench.simulation.times import BOUNDS_MS, Slowness
from bench.simulation.world import Counts, World
from delivery.judge.evidence import Baseline, Block, Side

# Where the latency classes are cut: at the baseline's quantiles, as far as the histogram has bounds there.
QUANTILES = (0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999)
# A last class for what lies so far beyond all that was seen before the release that the stable version hardly does it.
FAR = 1.5


def baseline(world: World, seconds: int, threshold: float, rng: np.random.Generator) -> Baseline:
    """Return what was measured of the stable version in so many seconds before the release.

    Args:
        world: where.
        seconds: how long.
        threshold: seconds at which the classes have a bound in any case, since the objectives speak of it.
        rng: what chance there is in it.
    """
    requests = world.rate * seconds
    seen = rng.multinomial(requests, Slowness().shares())
    bounds = _bounds(seen, threshold)
    return Baseline(
        bounds=tuple(BOUNDS_MS[place] / 1000 for place in bounds),
        shares=tuple(float(count) / requests for count in _merged(seen, bounds)),
        requests=requests,
        seconds=float(seconds),
    )


def blocks(
    candidate: Counts, reference: Counts, measured: Baseline, weights: Sequence[int], begin: int = 0
) -> Iterator[Block]:
    """Yield one block for each second: at 25 requests a second and more, each scrape closes one.

    Args:
        candidate: counts of the new version by second and class, failed last.
        reference: the stable version's.
        measured: baseline, whose latency classes the blocks have.
        weights: weight at each second.
        begin: second at which the first one begins.
    """
    places = [BOUNDS_MS.index(round(bound * 1000)) for bound in measured.bounds]
    sides = zip(_sides(candidate, places), _sides(reference, places), strict=True)
    for second, (new, old) in enumerate(sides):
        yield Block(new, old, float(begin + second), float(begin + second + 1), weights[second])


def _sides(counts: Counts, places: list[int]) -> Iterator[Side]:
    timed = counts.shape[1] == len(BOUNDS_MS) + 2
    for row in counts:
        classes = tuple(_merged(row[:-1], places)) if timed else ()
        yield Side(int(row.sum()), int(row[-1]), classes)


def _merged(counts: Counts, places: list[int]) -> list[int]:
    """Return how many lie up to each of these bounds and beyond the one before, and beyond the last."""
    below = np.cumsum(counts)[places]
    return [int(count) for count in np.diff(below, prepend=0, append=counts.sum())]


def _bounds(seen: Counts, threshold: float) -> list[int]:
    """Return the places in BOUNDS_MS of the bounds that the classes are cut at."""
    below = list(itertools.accumulate(seen / seen.sum()))[:-1]
    cuts = {min(range(len(below)), key=lambda place: abs(below[place] - quantile)) for quantile in QUANTILES}
    highest = BOUNDS_MS[min(int(np.flatnonzero(seen)[-1]), len(BOUNDS_MS) - 1)]
    far = min(bisect.bisect_left(BOUNDS_MS, FAR * highest), len(BOUNDS_MS) - 1)
    return sorted(cuts | {far, BOUNDS_MS.index(round(threshold * 1000))})
