"""Throughput of a service with metrics, logs and tracing, as a ratio to bare Flask under the same gunicorn.

Both servers run at once and are loaded in turn, several times, so that a machine that changes its speed changes both.
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
SAMPLED = "0.1"
THREADS = "16"
GUNICORN = (sys.executable, "-m", "gunicorn")
BARE = ("--worker-class", "gthread", "--threads", THREADS, "--keep-alive", "75", "--no-control-socket")


def measure(logs: Path) -> list[Figure]:
    """Return the ratio of throughputs, and both throughputs.

    Args:
        logs: folder for what the servers write.

    Raises:
        LoadError: a server did not start or did not answer.
    """
    with ExitStack() as stack:
        sink, bare, full = (_free_port() for _ in range(3))
        stack.enter_context(_running([sys.executable, "-m", "bench.sink", str(sink)], {}, logs / "sink.log"))
        plain = [*GUNICORN, "--bind", f"{HOST}:{bare}", *BARE, "bench.bare:create_app()"]
        stack.enter_context(_running(plain, {}, logs / "bare.log"))
        observed = [*GUNICORN, "--config", "python:chassis.serving", "bench.observed:create_app()"]
        stack.enter_context(_running(observed, _observed_environment(full, sink), logs / "observed.log"))
        return _figures(*_rounds(bare, full))


def _observed_environment(port: int, sink: int) -> dict[str, str]:
    return {
        "HTTP_HOST": HOST,
        "HTTP_PORT": str(port),
        "HTTP_THREADS": THREADS,
        "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": SAMPLED,
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{HOST}:{sink}",
    }


def _rounds(bare: int, full: int) -> tuple[list[float], list[float]]:
    for port in (bare, full):
        _wait(port)
        _throughput(port)  # warm-up
    pairs = [(_throughput(bare), _throughput(full)) for _ in range(ROUNDS)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _figures(bare: list[float], full: list[float]) -> list[Figure]:
    ratios = sorted(f / b for b, f in zip(bare, full, strict=True))
    spread = f"median of {ROUNDS} pairs, {ratios[0]:.2f} to {ratios[-1]:.2f}; tracing {float(SAMPLED):.0%} sampled"
    return [
        Figure("service_throughput_ratio", round(statistics.median(ratios), 3), "ratio", f"to bare Flask: {spread}"),
        Figure("service_throughput", round(statistics.median(full)), "requests/s", "one worker, everything on"),
        Figure("bare_flask_throughput", round(statistics.median(bare)), "requests/s", "one worker"),
    ]


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
