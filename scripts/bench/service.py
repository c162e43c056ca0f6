"""Throughput of a service with metrics, logs and tracing, as a ratio to bare Flask under the same gunicorn.

All servers run at once and are loaded in turn, several times, so that a machine that changes its speed changes all.
"""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench import load
from bench.figures import Figure

HOST = "127.0.0.1"
CONNECTIONS = 8
ROUNDS = 7
ROUND_S = 2.0
START_S = 15.0
# Shares of the requests that are traced: none, a tenth, and all of them, as the manifests say.
SAMPLED = (0.0, 0.1, 1.0)
THREADS = "16"
GUNICORN = (sys.executable, "-m", "gunicorn")
BARE = ("--worker-class", "gthread", "--threads", THREADS, "--keep-alive", "75", "--no-control-socket")


def measure(logs: Path) -> list[Figure]:
    """Return the ratios of throughputs to bare Flask, and the throughputs themselves.

    Args:
        logs: folder for what the servers write.

    Raises:
        LoadError: a server did not start or did not answer.
    """
    with ExitStack() as stack:
        sink, bare = _free_port(), _free_port()
        stack.enter_context(_running([sys.executable, "-m", "bench.sink", str(sink)], {}, logs / "sink.log"))
        plain = [*GUNICORN, "--bind", f"{HOST}:{bare}", *BARE, "bench.bare:create_app()"]
        stack.enter_context(_running(plain, {}, logs / "bare.log"))
        observed = [*GUNICORN, "--config", "python:chassis.serving", "bench.observed:create_app()"]
        ports = {sampled: _free_port() for sampled in SAMPLED}
        for sampled, port in ports.items():
            environment = _observed_environment(port, sink, sampled)
            stack.enter_context(_running(observed, environment, logs / f"observed-{sampled:g}.log"))
        return _figures(*_rounds(bare, ports))


def _observed_environment(port: int, sink: int, sampled: float) -> dict[str, str]:
    return {
        "HTTP_HOST": HOST,
        "HTTP_PORT": str(port),
        "HTTP_THREADS": THREADS,
        "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": str(sampled),
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{HOST}:{sink}",
    }


def _rounds(bare: int, ports: Mapping[float, int]) -> tuple[list[float], dict[float, list[float]]]:
    """Return the throughputs of bare Flask and, by share of sampled requests, of the service, round by round."""
    for port in (bare, *ports.values()):
        _wait(port)
        _throughput(port)  # warm-up
    bares: list[float] = []
    full: dict[float, list[float]] = {sampled: [] for sampled in ports}
    for _ in range(ROUNDS):
        bares.append(_throughput(bare))
        for sampled, port in ports.items():
            full[sampled].append(_throughput(port))
    return bares, full


def _figures(bare: list[float], full: Mapping[float, list[float]]) -> list[Figure]:
    return [
        *(_ratio(bare, throughputs, sampled) for sampled, throughputs in full.items()),
        Figure("service_throughput", round(statistics.median(full[1.0])), "requests/s", "one worker, everything on"),
        Figure("bare_flask_throughput", round(statistics.median(bare)), "requests/s", "one worker"),
    ]


def _ratio(bare: list[float], full: list[float], sampled: float) -> Figure:
    ratios = sorted(f / b for b, f in zip(bare, full, strict=True))
    spread = f"median of {ROUNDS} rounds, {ratios[0]:.2f} to {ratios[-1]:.2f}; {sampled:.0%} of the requests traced"
    name = f"service_throughput_ratio_{sampled:.0%}".rstrip("%")
    return Figure(name, round(statistics.median(ratios), 3), "ratio", f"to bare Flask: {spread}")


def _throughput(port: int) -> float:
    return asyncio.run(load.run(HOST, port, "/ping", connections=CONNECTIONS, seconds=ROUND_S)).per_second


@contextmanager
def _running(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[None]:
    with log.open("w") as file:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=file, stderr=file)
        try:
            yield
        finally:
            process.terminate()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _wait(port: int) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if not probe.connect_ex((HOST, port)):
                return
        time.sleep(0.05)
    raise load.LoadError(f"a server did not start within {START_S:.0f} s: see its log in reports/bench")
