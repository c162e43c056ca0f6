"""The drills' prober without its bound on the rate: ``python -m bench.probing URL RATE SECONDS``.

Session, traffic, loop and output are the prober's own; only the plan, which refuses a rate that no drill needs, is left
out. It writes every sample to standard output as the prober does, and to standard error one line on how it went.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict
from typing import Any

from drills.prober import OpenLoop, Output
from drills.probes import Plan, Sample, Schedule
from drills.session import Session
from drills.traffic.mix import Traffic


async def probe(url: str, rate: float, seconds: float) -> dict[str, Any]:
    """Return how the schedule was kept, how many requests failed, and the processor time a request in microseconds."""
    output, messages = Output(), list[dict[str, Any]]()

    def emit(message: dict[str, Any]) -> None:
        output.emit(message)
        messages.append(message)

    session, traffic, stopping = Session(Plan(url), 0.0), Traffic("order", 1), asyncio.Event()
    try:
        await traffic.prepare(session.prepare)
        before = time.process_time()
        asyncio.get_running_loop().call_later(seconds, stopping.set)
        await OpenLoop(session, iter(traffic), rate, emit).run(stopping)
    finally:
        output.close()
        await session.close()
    cpu_us = (time.process_time() - before) / (len(messages) - 1) * 1e6
    samples = [Sample(**message) for message in messages[1:]]  # the first one says when it began
    failed = sum(sample.failed for sample in samples)
    return asdict(Schedule.of(samples, rate, seconds)) | {"failed": failed, "cpu_us": cpu_us}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(probe(sys.argv[1], *map(float, sys.argv[2:4])))), file=sys.stderr)  # noqa: T201
