"""The simulated figures side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from bench.figures import Grid
from bench.simulation.bound import bound
from bench.simulation.cells import Cell
from bench.simulation.contest import ERRORS_ONLY, FLAGGERS, OURS, RIVALS
from bench.simulation.grid import name
from bench.simulation.ramped import Walks
from bench.simulation.targets import Scores, over_bound
from bench.simulation.world import World
from delivery.judgement import Verdict

# The windows of Flagger's queries matter for false alarms alone: a canary has no past to look back at.
FINDERS = (OURS, *(rival.name for rival in RIVALS if "window" not in rival.name))
ALARMISTS = (OURS, ERRORS_ONLY, *(rival.name for rival in RIVALS))
ENOUGH_DIGITS = 100


def detection(scores: Scores, alpha: float) -> Grid:
    """Return how each policy finds failing versions."""
    rows = []
    for world, cells in scores.items():
        limit = bound(world, alpha)
        over = f"{cells[ERRORS_ONLY].requests / limit:.2f}", f"{cells[OURS].requests / limit:.2f}"
        rows.append([name(world), _short(limit), *over, *(_found(cells[each]) for each in FINDERS)])
    title = (
        "Failing versions. B: canary requests at least; ours over B, on errors alone and in all; seconds / users hurt"
    )
    return Grid(title, ["world", "B", "errors", "all", *FINDERS], rows)


def slowness(scores: Scores, alpha: float) -> Grid:
    """Return how each policy finds slow versions."""
    rows = []
    for world, cells in scores.items():
        limit = bound(world, alpha)
        rows.append(
            [
                name(world),
                _short(limit),
                f"{cells[OURS].requests / limit:.2f}",
                *(_slow(cells[each]) for each in FINDERS),
            ]
        )
    title = "Slow versions. B: canary requests at least; ours over B; seconds (share found, where not all)"
    return Grid(title, ["world", "B", "over B", *FINDERS], rows)


def alarms(scores: Scores) -> Grid:
    """Return how often each policy rolls back a version that is no worse."""
    rows = [[name(world), *(_alarms(cells[each]) for each in ALARMISTS)] for world, cells in scores.items()]
    return Grid("Sound versions rolled back, in % (upper end of the 95 % interval)", ["world", *ALARMISTS], rows)


def ramp(walks: Mapping[World, Walks], scores: Scores) -> Grid:
    """Return what the ramp costs, beside a weight that does not change: 10 %."""
    flagger, fastest = FLAGGERS[-2].name, FLAGGERS[-1].name
    rows = []
    for world, walk in walks.items():
        fixed = scores.get(world)
        others = [_short(fixed[each].hurt) if fixed else "" for each in (OURS, flagger, fastest)]
        ends = f"{walk.share(Verdict.FAILED):.0%}", f"{walk.share(Verdict.PASSED):.0%}"
        rows.append([name(world), *ends, f"{walk.seconds:.3g}", _short(walk.requests), f"{walk.hurt:.3g}", *others])
    title = "On the ramp of the default plan; users hurt beside those at 10 % from the start"
    columns = [
        "world",
        "rolled back",
        "promoted",
        "seconds",
        "canary requests",
        "hurt",
        f"{OURS}, 10 %",
        flagger,
        fastest,
    ]
    return Grid(title, columns, rows)


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


def _found(cell: Cell) -> str:
    return f"{_short(cell.seconds)} / {_short(cell.hurt)}{_partly(cell)}" if cell.found else "never"


def _slow(cell: Cell) -> str:
    return f"{_short(cell.seconds)}{_partly(cell)}" if cell.found else "never"


def _alarms(cell: Cell) -> str:
    return f"{_short(cell.power * 100)} ({_short(cell.interval[1] * 100)})"


def _partly(cell: Cell) -> str:
    return "" if cell.power == 1 else f" ({cell.power:.0%})"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= ENOUGH_DIGITS else f"{value:.3g}"


def _number(value: float) -> float | None:
    return round(value, 3) if math.isfinite(value) else None
