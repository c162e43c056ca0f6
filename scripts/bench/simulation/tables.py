"""The simulated figures side by side."""

from __future__ import annotations

import math
from typing import Any

from bench.figures import Grid
from bench.simulation.bound import bound
from bench.simulation.cells import Cell
from bench.simulation.contest import OURS, RIVALS
from bench.simulation.grid import name
from bench.simulation.targets import Scores, over_bound
from bench.simulation.world import World

POLICIES = (OURS, *(rival.name for rival in RIVALS))


def detection(scores: Scores, alpha: float) -> Grid:
    """Return how each policy finds failing versions: seconds, users hurt, canary requests over the bound."""
    rows = []
    for world, cells in scores.items():
        limit = bound(world, alpha)
        rows.append([name(world), f"{limit:.3g}", *(_found(cells[each], limit) for each in POLICIES)])
    title = "Found: seconds / users hurt / canary requests over the bound B (share found, where not all)"
    return Grid(title, ["weight, rate, stable errors, canary errors", "B", *POLICIES], rows)


def slowness(scores: Scores, alpha: float) -> Grid:
    """Return how each policy finds slow versions: seconds and canary requests over the bound."""
    rows = []
    for world, cells in scores.items():
        limit = bound(world, alpha)
        rows.append([name(world), f"{limit:.3g}", *(_slow(cells[each], limit) for each in POLICIES)])
    title = "Slower: seconds / canary requests over the bound B (share found, where not all)"
    return Grid(title, ["weight, rate, stable errors, slowness", "B", *POLICIES], rows)


def alarms(scores: Scores) -> Grid:
    """Return how often each policy rolls back a version that is no worse, with 95 % intervals."""
    rows = [[name(world), *(_alarms(cells[each]) for each in POLICIES)] for world, cells in scores.items()]
    return Grid("False alarms in % (95 % interval)", ["weight, rate, stable errors", *POLICIES], rows)


def row(world: World, cell: Cell, policy: str, alpha: float) -> dict[str, Any]:
    """Return one cell as JSON takes it; nothing stands for what there is none of."""
    limit = bound(world, alpha)
    low, high = cell.interval
    return {
        "world": name(world),
        "policy": policy,
        "releases": len(cell.releases),
        "rolled_back": cell.found,
        "interval": [round(low, 5), round(high, 5)],
        "seconds": _number(cell.seconds),
        "hurt": _number(cell.hurt),
        "requests": _number(cell.requests),
        "bound": _number(limit),
        "over_bound": _number(cell.requests / limit),
        "over_bound_less_a_scrape": _number(over_bound(world, cell, alpha)),
    }


def _found(cell: Cell, limit: float) -> str:
    if not cell.found:
        return "never"
    return f"{cell.seconds:.3g} / {cell.hurt:.3g} / {cell.requests / limit:.3g}{_partly(cell)}"


def _slow(cell: Cell, limit: float) -> str:
    return f"{cell.seconds:.3g} / {cell.requests / limit:.3g}{_partly(cell)}" if cell.found else "never"


def _alarms(cell: Cell) -> str:
    low, high = cell.interval
    return f"{cell.power * 100:.3g} ({low * 100:.2g} to {high * 100:.3g})"


def _partly(cell: Cell) -> str:
    return "" if cell.power == 1 else f" ({cell.power:.0%})"


def _number(value: float) -> float | None:
    return round(value, 3) if math.isfinite(value) else None
