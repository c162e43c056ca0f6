"""What the judge is meant to reach, and whether it does: said plainly either way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bench.figures import Target
from bench.simulation.bound import bound
from bench.simulation.cells import Cell
from bench.simulation.chance import interval
from bench.simulation.contest import FLAGGERS, OURS
from bench.simulation.grid import name, without_harm
from bench.simulation.world import World

Scores = Mapping[World, Mapping[str, Cell]]

# Times the information bound, on top of the one scrape that nobody can be faster than.
OVER_BOUND_ERRORS = 1.6
OVER_BOUND_TIMES = 2.0
# A policy that rolls back more sound releases than this is of no use, however fast it is.
USEFUL = 0.05
FEWER = 10.0


def over_bound(world: World, cell: Cell, alpha: float) -> float:
    """Return the canary requests until rollback, less one scrape's, as a multiple of the bound."""
    return (cell.requests - world.per_scrape) / bound(world, alpha)


def detection(what: str, scores: Scores, alpha: float, most: float) -> Target:
    """Return whether our judge finds what it should with few enough requests, in every world."""
    worst, world = max(((over_bound(world, cells[OURS], alpha), world) for world, cells in scores.items()), key=_first)
    kept = sum(over_bound(world, cells[OURS], alpha) <= most for world, cells in scores.items())
    power = min(cells[OURS].power for cells in scores.values())
    return Target(
        f"{what}: at most {most:g} B of canary requests and one scrape",
        kept == len(scores) and power == 1.0,
        f"in {kept} of {len(scores)} worlds, {worst:.2f} B at worst ({name(world)}); {power:.0%} found at least",
    )


def false_alarms(what: str, scores: Scores, alpha: float) -> Target:
    """Return whether our judge rolls back no more sound releases than it may, over all worlds together."""
    cells = [cells[OURS] for cells in scores.values()]
    hits, trials = sum(cell.found for cell in cells), sum(len(cell.releases) for cell in cells)
    low, high = interval(hits, trials)
    return Target(
        f"{what}: false alarms at most {alpha:.0%}",
        hits <= alpha * trials,
        f"{hits} of {trials} releases, {hits / trials:.2%} (95 % interval {low:.2%} to {high:.2%})",
    )


def beside_flagger(ours: Mapping[World, float], scores: Scores, sound: Scores, what: str) -> Target:
    """Return whether ours hurts so many times fewer users than every setting of Flagger's that is of use there.

    Args:
        ours: users hurt on average, by world.
        scores: what the settings of Flagger did there.
        sound: what they did where nothing is wrong.
        what: which of our ways of releasing it is.
    """
    ratios = dict(_ratios(ours, scores, sound))
    kept = sum(ratio >= FEWER for ratio in ratios.values())
    least, world = min(((ratio, world) for world, ratio in ratios.items()), key=_first)
    return Target(
        f"{what}: {FEWER:g} times fewer hurt users than Flagger's fastest with under {USEFUL:.0%} false alarms",
        kept == len(ratios),
        f"in {kept} of {len(ratios)} worlds, {least:.1f} times at least ({name(world)})",
    )


def _ratios(ours: Mapping[World, float], scores: Scores, sound: Scores) -> Iterator[tuple[World, float]]:
    """Yield, where some setting of Flagger's is of use, how many times more users the best of them hurts than ours."""
    for world, hurt in ours.items():
        useful = [each.name for each in FLAGGERS if sound[without_harm(world)][each.name].power < USEFUL]
        if useful:
            yield world, min(scores[world][each].hurt for each in useful) / hurt


def _first(pair: tuple[float, World]) -> float:
    return pair[0]
