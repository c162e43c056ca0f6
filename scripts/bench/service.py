"""What it costs to observe a service: the chassis and the usual libraries beside bare Flask, under the same gunicorn.

All servers run at once and are loaded in turn, several times, so that a machine that changes its speed changes all.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench import load, open_loop, servers
from bench.figures import Figure, Grid, Result, Target
from bench.open_loop import Latency
from bench.room import Room
from bench.usual import environment

CONNECTIONS = 8
ROUNDS = 15
ROUND_S = 1.0
# What two cores bear with ease, beside five idle servers: at half of the throughput queues would be measured.
MODERATE_RATE = 200.0
PATH = "/ping"
THREADS = "16"
TARGET = 0.85
BARE, TENTH, ALL, USUAL_TENTH, USUAL_ALL = "bare", "chassis_10", "chassis_100", "usual_10", "usual_100"
ABOUT = {
    BARE: "bare Flask",
    TENTH: "chassis, 10 %",
    ALL: "chassis, 100 %",
    USUAL_TENTH: "usual, 10 %",
    USUAL_ALL: "usual, 100 %",
}
GUNICORN = ("-m", "gunicorn")
PLAIN = ("--worker-class", "gthread", "--threads", THREADS, "--keep-alive", "75", "--no-control-socket")


@dataclass
class Side:
    """One server and what was measured of it, round by round.

    Attributes:
        port: where it listens.
        process: its first process.
        per_second: requests a second in a closed loop.
        cpu_us: processor time a request in that loop, in microseconds.
        latency: at MODERATE_RATE.
    """

    port: int
    process: int
    per_second: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    latency: list[Latency] = field(default_factory=list)


@dataclass(frozen=True)
class Start:
    """How a side is started.

    Attributes:
        name: key of ABOUT.
        command: gunicorn and the application, without a port.
        traced: share of the requests that are traced, None for a side that knows no traces.
        logs: folder for what it writes.
    """

    name: str
    command: list[str]
    traced: str | None
    logs: Path


Sides = Mapping[str, Side]


def measure(room: Room) -> Result:
    """Return throughputs, processor time and latencies of all sides, as ratios to bare Flask.

    Args:
        room: where it works; without network the usual libraries are left out, and that is said.

    Raises:
        LoadError: a server did not start or did not answer.
    """
    with ExitStack() as stack:
        sides = {start.name: _start(stack, start) for start in _starts(room)}
        for side in sides.values():
            _throughput(side.port)  # warm-up
        for number in range(ROUNDS):
            _round(sides, number)
    return _result(sides)


def _starts(room: Room) -> Iterator[Start]:
    python, log = [sys.executable], room.logs
    yield Start(BARE, [*python, *GUNICORN, *PLAIN, "bench.bare:create_app()"], None, log)
    chassis = [*python, *GUNICORN, "--config", "python:chassis.serving", "bench.observed:create_app()"]
    yield from (Start(TENTH, chassis, "0.1", log), Start(ALL, chassis, "1", log))
    try:
        usual = [*environment.ensure(), *GUNICORN, *PLAIN, "bench.usual.app:create_app()"]
    except load.LoadError as error:
        room.say(f"the usual libraries are left out: {error}")
        return
    yield from (Start(USUAL_TENTH, usual, "0.1", log), Start(USUAL_ALL, usual, "1", log))


def _start(stack: ExitStack, start: Start) -> Side:
    """Start a side, and for one that traces a receiver of spans of its own."""
    port, log = servers.free_port(), start.logs / f"{start.name}.log"
    variables = {"HTTP_HOST": servers.HOST, "HTTP_PORT": str(port), "HTTP_THREADS": THREADS}
    if start.traced:
        sink, received = servers.free_port(), log.with_suffix(".sink")
        stack.enter_context(servers.running([sys.executable, "-m", "bench.sink", str(sink)], {}, received))
        variables |= {
            "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
            "OTEL_TRACES_SAMPLER_ARG": start.traced,
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{servers.HOST}:{sink}",
        }
    command = [*start.command, "--bind", f"{servers.HOST}:{port}"]
    process = stack.enter_context(servers.running(command, variables, log))
    servers.wait(port, log)
    return Side(port, process.pid)


def _round(sides: Sides, number: int) -> None:
    """Load all sides once, each round beginning with another one."""
    order = list(sides.values())
    first = number % len(order)
    for side in order[first:] + order[:first]:
        before = servers.cpu_seconds(side.process)
        reached = _throughput(side.port)
        side.per_second.append(reached.per_second)
        side.cpu_us.append((servers.cpu_seconds(side.process) - before) / reached.requests * 1e6)
        side.latency.append(_latency(side.port))


def _throughput(port: int) -> load.Throughput:
    return asyncio.run(load.run(servers.HOST, port, PATH, connections=CONNECTIONS, seconds=ROUND_S))


def _latency(port: int) -> Latency:
    return asyncio.run(open_loop.run(servers.HOST, port, PATH, rate=MODERATE_RATE, seconds=ROUND_S))


def _ratios(side: Side, bare: Side) -> list[float]:
    return sorted(own / other for own, other in zip(side.per_second, bare.per_second, strict=True))


def _cpu_ratio(side: Side, bare: Side) -> float:
    """Return what the ratio of throughputs is where nothing else runs: it says more on a machine that is busy."""
    return statistics.median(other / own for own, other in zip(side.cpu_us, bare.cpu_us, strict=True))


def _result(sides: Sides) -> Result:
    bare = sides[BARE]
    figures = [figure for name, side in sides.items() if name != BARE for figure in _figures(name, side, bare)]
    figures.append(Figure("bare_throughput", round(statistics.median(bare.per_second)), "requests/s", "one worker"))
    found = statistics.median(_ratios(sides[TENTH], bare))
    said = f"{found:.3f}, and {_cpu_ratio(sides[TENTH], bare):.3f} by processor time"
    target = Target(f"everything on, 10 % traced: {TARGET} of bare Flask's throughput", found >= TARGET, said)
    detail = {name: asdict(side) for name, side in sides.items()}
    return Result(figures, [target], [_grid(sides)], detail)


def _figures(name: str, side: Side, bare: Side) -> Iterator[Figure]:
    ratios = _ratios(side, bare)
    spread = f"to bare Flask, median of {len(ratios)} rounds, {ratios[0]:.2f} to {ratios[-1]:.2f}"
    yield Figure(f"{name}_throughput_ratio", round(statistics.median(ratios), 3), "ratio", spread)
    yield Figure(f"{name}_cpu_ratio", round(_cpu_ratio(side, bare), 3), "ratio", "the same by processor time a request")


def _grid(sides: Sides) -> Grid:
    columns = ["", "requests/s", "ratio", "CPU us", "CPU ratio", "p50 ms", "p99 ms", "p99 ratio"]
    return Grid(
        f"Requests/s and processor time of one in a closed loop; latency at {MODERATE_RATE:g} requests/s",
        columns,
        [_row(name, sides) for name in sides],
    )


def _row(name: str, sides: Sides) -> list[str]:
    side, bare = sides[name], sides[BARE]
    latency, plain = open_loop.middle(side.latency), open_loop.middle(bare.latency)
    return [
        ABOUT[name],
        f"{statistics.median(side.per_second):.0f}",
        f"{statistics.median(_ratios(side, bare)):.3f}",
        f"{statistics.median(side.cpu_us):.0f}",
        f"{_cpu_ratio(side, bare):.3f}",
        f"{latency.p50_ms:.2f}",
        f"{latency.p99_ms:.2f}",
        f"{latency.p99_ms / plain.p99_ms:.2f}",
    ]
