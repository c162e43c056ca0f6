"""Servers beside each other: all run at once and are loaded in turn, several times.

So a machine that changes its speed changes all of them. Ratios are taken within a round.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench import load, open_loop, servers
from bench.open_loop import Latency

CONNECTIONS = 8
ROUND_S = 1.0
# What two cores bear with ease, beside five idle servers: at half of the throughput queues would be measured.
MODERATE_RATE = 200.0
PATH = "/ping"
THREADS = "16"
GUNICORN = ("-m", "gunicorn")
PLAIN = ("--worker-class", "gthread", "--threads", THREADS, "--keep-alive", "75", "--no-control-socket")
BARE = [sys.executable, *GUNICORN, *PLAIN, "bench.bare:create_app()"]
CHASSIS = [sys.executable, *GUNICORN, "--config", "python:chassis.serving"]


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

    def warm_up(self) -> None:
        """Load it once without writing down what came of it."""
        _closed_loop(self.port)

    def load(self) -> None:
        """Measure throughput and processor time once more."""
        before = servers.cpu_seconds(self.process)
        reached = _closed_loop(self.port)
        self.per_second.append(reached.per_second)
        self.cpu_us.append((servers.cpu_seconds(self.process) - before) / reached.requests * 1e6)

    def probe(self) -> None:
        """Measure latency once more."""
        rate = open_loop.run(servers.HOST, self.port, PATH, rate=MODERATE_RATE, seconds=ROUND_S)
        self.latency.append(asyncio.run(rate))


@dataclass(frozen=True)
class Start:
    """How a side is started.

    Attributes:
        name: what it is called.
        command: gunicorn and the application, without a port.
        traced: share of the requests that are traced, None for a side that knows no traces.
        logs: folder for what it writes.
        variables: environment beside that.
    """

    name: str
    command: list[str]
    traced: str | None
    logs: Path
    variables: Mapping[str, str] = field(default_factory=dict)


Sides = Mapping[str, Side]


def start(stack: ExitStack, how: Start) -> Side:
    """Start a side, and for one that traces a receiver of spans of its own.

    Raises:
        LoadError: it does not listen.
    """
    port, log = servers.free_port(), how.logs / f"{how.name}.log"
    variables = {"HTTP_HOST": servers.HOST, "HTTP_PORT": str(port), "HTTP_THREADS": THREADS, **how.variables}
    if how.traced:
        sink, received = servers.free_port(), log.with_suffix(".sink")
        stack.enter_context(servers.running([sys.executable, "-m", "bench.sink", str(sink)], {}, received))
        variables |= {
            "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
            "OTEL_TRACES_SAMPLER_ARG": how.traced,
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{servers.HOST}:{sink}",
        }
    command = [*how.command, "--bind", f"{servers.HOST}:{port}"]
    process = stack.enter_context(servers.running(command, variables, log))
    servers.wait(port, log)
    return Side(port, process.pid)


def measured(starts: Iterable[Start], rounds: int, each: Callable[[Side], None]) -> Sides:
    """Start sides, warm them up, and measure each of them in each round; return them by name, stopped.

    Args:
        starts: how they are started.
        rounds: how often each is measured.
        each: measures one of them once.

    Raises:
        LoadError: a server did not start or did not answer.
    """
    with ExitStack() as stack:
        sides = {how.name: start(stack, how) for how in starts}
        for side in sides.values():
            side.warm_up()
        for number in range(rounds):
            for side in _in_turn(sides, number):
                each(side)
    return sides


def _in_turn(sides: Sides, number: int) -> list[Side]:
    """Return the sides in the order of a round; each round begins with another one."""
    order = list(sides.values())
    first = number % len(order)
    return order[first:] + order[:first]


def ratios(side: Side, other: Side) -> list[float]:
    """Return the ratios of the throughputs, round by round, ascending."""
    return sorted(own / beside for own, beside in zip(side.per_second, other.per_second, strict=True))


def cpu_ratio(side: Side, other: Side) -> float:
    """Return what the ratio of throughputs is where nothing else runs: it says more on a machine that is busy."""
    return statistics.median(beside / own for own, beside in zip(side.cpu_us, other.cpu_us, strict=True))


def _closed_loop(port: int) -> load.Throughput:
    return asyncio.run(load.run(servers.HOST, port, PATH, connections=CONNECTIONS, seconds=ROUND_S))
