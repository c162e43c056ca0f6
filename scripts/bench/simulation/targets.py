"""What the judge is meant to reach, and whether it does: said plainly either way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bench.figures import Target
from bench.simulation.bound import bound
from bench.simulation.cells import Cell
from bench.simulation.chance import interval
from bench.simulation.contest import ERRORS_ONLY, FLAGGERS, OURS
from bench.simulation.grid import name, without_harm
from bench.simulation.world import World

Scores = Mapping[World, Mapping[str, Cell]]

# Times the information bound, on top of the one scrape that nobody can be faster than: by the bets on errors alone,
# and by all bets, who share alpha and their wealth.
MOST = {ERRORS_ONLY: 1.6, OURS: 2.0}
# A policy that rolls back more sound releases than this is of no use, however fast it is.
USEFUL = 0.05
FEWER = 10.0


def over_bound(world: World, cell: Cell, alpha: float) -> float:
    """Return the canary requests until rollback, less one scrape's, as a multiple of the bound."""
    return (cell.requests - world.per_scrape) / bound(world, alpha)


def detection(what: str, scores: Scores, alpha: float, by: str) -> Target:
    """Return whether our judge finds what it should with few enough requests, in every world.

    Args:
        what: kind of harm.
        scores: what came of releases that do it.
        alpha: chance of ever rolling back a release that is no worse.
        by: key of MOST.
    """
    found = {world: over_bound(world, cells[by], alpha) for world, cells in scores.items()}
    worst = max(found, key=lambda world: found[world])
    kept = sum(over <= MOST[by] for over in found.values())
    power = min(cells[by].power for cells in scores.values())
    return Target(
        f"{what} by {by}: at most {MOST[by]:g} B and one scrape of canary requests",
        kept == len(found) and power == 1.0,
        f"in {kept} of {len(found)} worlds, {found[worst]:.2f} B at worst ({name(worst)}); {power:.0%} found at least",
    )


def false_alarms(what: str, scores: Scores, alpha: float, by: str) -> Target:
    """Return whether our judge rolls back no more sound releases than it may, over all worlds together."""
    cells = [cells[by] for cells in scores.values()]
    hits, trials = sum(cell.found for cell in cells), sum(len(cell.releases) for cell in cells)
    low, high = interval(hits, trials)
    return Target(
        f"{what} by {by}: false alarms at most {alpha:.0%}",
        hits <= alpha * trials,
        f"{hits} of {trials} releases, {hits / trials:.2%} (95 % interval {low:.2%} to {high:.2%})",
    )


def beside_flagger(what: str, ours: Mapping[World, float], scores: Scores, sound: Scores) -> Target:
    """Return whether ours hurts so many times fewer users than every setting of Flagger's that is of use there.

    Args:
        what: which of our ways of releasing it is.
        ours: users hurt on average, by world.
        scores: what the settings of Flagger did there.
        sound: what they did where nothing is wrong.
    """
    ratios = dict(_ratios(ours, scores, sound))
    least = min(ratios, key=lambda world: ratios[world])
    kept = sum(ratio >= FEWER for ratio in ratios.values())
    return Target(
        f"{what}: {FEWER:g} times fewer hurt users than Flagger's fastest with under {USEFUL:.0%} false alarms",
        kept == len(ratios),
        f"in {kept} of {len(ratios)} worlds, {ratios[least]:.1f} times at least ({name(least)})",
    )


def _ratios(ours: Mapping[World, float], scores: Scores, sound: Scores) -> Iterator[tuple[World, float]]:
    """Yield, where some setting of Flagger's is of use, how many times more users the best of them hurts than ours."""
    for world, hurt in ours.items():
        useful = [each.name for each in FLAGGERS if sound[without_harm(world)][each.name].power < USEFUL]
        if useful:
            yield world, min(scores[world][each].hurt for each in useful) / hurt
