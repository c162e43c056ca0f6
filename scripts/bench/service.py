"""What observing a service costs: the chassis and the usual libraries beside bare Flask, under the same gunicorn."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import asdict

from bench import load, open_loop, sides
from bench.figures import Figure, Grid, Result, Target
from bench.room import Room
from bench.sides import GUNICORN, MODERATE_RATE, PLAIN, Side, Sides, Start
from bench.usual import environment

ROUNDS = 15
TARGET = 0.85
BARE, TENTH, ALL, USUAL_TENTH, USUAL_ALL = "bare", "chassis_10", "chassis_100", "usual_10", "usual_100"
ABOUT = {
    BARE: "bare Flask",
    TENTH: "chassis, 10 %",
    ALL: "chassis, 100 %",
    USUAL_TENTH: "usual, 10 %",
    USUAL_ALL: "usual, 100 %",
}


def measure(room: Room) -> Result:
    """Return throughputs, processor time and latencies of all sides, as ratios to bare Flask.

    Args:
        room: where it works; without network the usual libraries are left out, and that is said.

    Raises:
        LoadError: a server did not start or did not answer.
    """
    return _result(sides.measured(_starts(room), ROUNDS, _load_and_probe))


def _load_and_probe(side: Side) -> None:
    side.load()
    side.probe()


def _starts(room: Room) -> Iterator[Start]:
    log = room.logs
    yield Start(BARE, sides.BARE, None, log)
    chassis = [*sides.CHASSIS, "bench.observed:create_app()"]
    yield from (Start(TENTH, chassis, "0.1", log), Start(ALL, chassis, "1", log))
    try:
        usual = [*environment.ensure(), *GUNICORN, *PLAIN, "bench.usual.app:create_app()"]
    except load.LoadError as error:
        room.say(f"the usual libraries are left out: {error}")
        return
    yield from (Start(USUAL_TENTH, usual, "0.1", log), Start(USUAL_ALL, usual, "1", log))


def _result(started: Sides) -> Result:
    bare = started[BARE]
    figures = [figure for name, side in started.items() if name != BARE for figure in _figures(name, side, bare)]
    figures.append(Figure("bare_throughput", round(statistics.median(bare.per_second)), "requests/s", "one worker"))
    found = statistics.median(sides.ratios(started[TENTH], bare))
    said = f"{found:.3f}, and {sides.cpu_ratio(started[TENTH], bare):.3f} by processor time"
    target = Target(f"everything on, 10 % traced: {TARGET} of bare Flask's throughput", found >= TARGET, said)
    detail = {name: asdict(side) for name, side in started.items()}
    return Result(figures, [target], [_grid(started)], detail)


def _figures(name: str, side: Side, bare: Side) -> Iterator[Figure]:
    ratios = sides.ratios(side, bare)
    spread = f"to bare Flask, median of {len(ratios)} rounds, {ratios[0]:.2f} to {ratios[-1]:.2f}"
    yield Figure(f"{name}_throughput_ratio", round(statistics.median(ratios), 3), "ratio", spread)
    yield Figure(
        f"{name}_cpu_ratio", round(sides.cpu_ratio(side, bare), 3), "ratio", "the same by processor time a request"
    )


def _grid(started: Sides) -> Grid:
    columns = ["", "requests/s", "ratio", "CPU us", "CPU ratio", "p50 ms", "p99 ms", "p99 ratio"]
    return Grid(
        f"Requests/s and processor time of one in a closed loop; latency at {MODERATE_RATE:g} requests/s",
        columns,
        [_row(name, started) for name in started],
    )


def _row(name: str, started: Sides) -> list[str]:
    side, bare = started[name], started[BARE]
    latency, plain = open_loop.middle(side.latency), open_loop.middle(bare.latency)
    return [
        ABOUT[name],
        f"{statistics.median(side.per_second):.0f}",
        f"{statistics.median(sides.ratios(side, bare)):.3f}",
        f"{statistics.median(side.cpu_us):.0f}",
        f"{sides.cpu_ratio(side, bare):.3f}",
        f"{latency.p50_ms:.2f}",
        f"{latency.p99_ms:.2f}",
        f"{latency.p99_ms / plain.p99_ms:.2f}",
    ]
