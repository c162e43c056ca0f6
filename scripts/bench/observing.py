"""What each part of observing a service costs: left out by itself, everything else on, beside bare Flask."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from bench import left_out, sides
from bench.figures import Figure, Grid, Result
from bench.room import Room
from bench.sides import Side, Sides, Start

ROUNDS = 20
TRACED = "0.1"
BARE, ALL = "bare", "all"
ABOUT = {
    BARE: "bare Flask",
    ALL: "everything on",
    "span": "without the span",
    "metrics": "without the metrics",
    "line": "without the log line",
    "write": "the line made, not written",
    left_out.EVERYTHING: "the chassis alone, nothing observed",
}


def measure(room: Room) -> Result:
    """Return what each part costs in processor time, and the ratio to bare Flask without it.

    Args:
        room: where it works.

    Raises:
        LoadError: a server did not start or did not answer.
    """
    started = sides.measured(_starts(room), ROUNDS, Side.load)
    return Result(_figures(started), [], [_grid(started)])


def _starts(room: Room) -> Iterator[Start]:
    yield Start(BARE, sides.BARE, None, room.logs)
    yield Start(ALL, [*sides.CHASSIS, "bench.observed:create_app()"], TRACED, room.logs)
    without = [*sides.CHASSIS, "bench.left_out:create_app()"]
    for part in (*left_out.PARTS, left_out.EVERYTHING):
        yield Start(part, without, TRACED, room.logs, {left_out.VARIABLE: part})


def _spent(side: Side, more: Side) -> float:
    """Return how much less processor time a request takes on one side than on the other, in microseconds."""
    return statistics.median(beside - own for own, beside in zip(side.cpu_us, more.cpu_us, strict=True))


def _figures(started: Sides) -> list[Figure]:
    everything = started[ALL]
    remark = f"processor time that is saved without it, median of {ROUNDS} rounds"
    parts = [name for name in started if name != ALL]
    return [Figure(f"{name}_saves", round(_spent(started[name], everything), 1), "us", remark) for name in parts]


def _grid(started: Sides) -> Grid:
    columns = ["", "CPU us", "saved us", "ratio", "CPU ratio"]
    return Grid("Processor time of a request, 10 % traced", columns, [_row(name, started) for name in started])


def _row(name: str, started: Sides) -> list[str]:
    side, bare = started[name], started[BARE]
    return [
        ABOUT[name],
        f"{statistics.median(side.cpu_us):.0f}",
        f"{_spent(side, started[ALL]):.1f}",
        f"{statistics.median(sides.ratios(side, bare)):.3f}",
        f"{sides.cpu_ratio(side, bare):.3f}",
    ]
