"""The prober process: `python -m drills.prober`, driven by `drills.probes.Prober` over its standard streams.

First line in: the plan as JSON. Then the line `stop` ends the schedule, and the end of the stream (the drill is gone)
ends the process at once. Lines out: one JSON object each, `began` or `refusal` first, then every request.
"""

from __future__ import annotations

import asyncio
import json
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

from drills.probes import MAX_IN_FLIGHT, MAX_SECONDS, Plan, ProbeError, Sample
from drills.session import Session
from drills.traffic.calls import Call
from drills.traffic.mix import Traffic, UnknownServiceError

Emit = Callable[[dict[str, Any]], None]

_FIELDS = tuple(field.name for field in fields(Sample))
# Lines are gathered for so long: a writer that wakes for every line takes the interpreter from the loop each time. No
# page shows that a sample comes this much later. With the flat sample below: 326 instead of 387 us of CPU a request.
GATHER_SECONDS = 0.02


class OpenLoop:
    """Sends calls at a constant rate, whatever becomes of them.

    Args:
        probe: sends one call that is due at a moment of the monotonic clock.
        calls: what to send.
        rate: calls per second.
        emit: receives when it began, and every sample.
    """

    def __init__(self, session: Session, calls: Iterator[Call], rate: float, emit: Emit) -> None:
        self._session = session
        self._calls = calls
        self._rate = rate
        self._emit = emit
        self._flying: set[asyncio.Task[None]] = set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Probe until told to stop or MAX_SECONDS are over, then wait for the answers still due."""
        began = time.monotonic()
        self._emit({"began": began})
        for slot in range(int(MAX_SECONDS * self._rate)):
            due = began + slot / self._rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if stopping.is_set():
                break
            self._launch(due)
        if self._flying:
            await asyncio.wait(self._flying)

    def _launch(self, due: float) -> None:
        if len(self._flying) >= MAX_IN_FLIGHT:
            return  # the slot stays empty, which breaks the schedule and so the verdict
        task = asyncio.create_task(self._one(next(self._calls), due))
        self._flying.add(task)
        task.add_done_callback(self._flying.discard)

    async def _one(self, call: Call, due: float) -> None:
        sample: Sample = await self._session.probe(call, due)
        # A sample is flat: asdict would copy each of its values.
        self._emit({name: getattr(sample, name) for name in _FIELDS})


class Output:
    """Writes lines from a thread, so that a slow reader never delays the next slot."""

    def __init__(self) -> None:
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write)
        self._thread.start()

    def emit(self, message: dict[str, Any]) -> None:
        """Queue one line."""
        self._lines.put(json.dumps(message))

    def close(self) -> None:
        """Write what is queued and end."""
        self._lines.put(None)
        self._thread.join()

    def _write(self) -> None:
        try:
            for lines in self._gathered():
                sys.stdout.write("".join(f"{line}\n" for line in lines))
                sys.stdout.flush()
        except BrokenPipeError:
            os._exit(1)

    def _gathered(self) -> Iterator[list[str]]:
        """Return what was queued, over and over, until it is closed."""
        while True:
            lines = [self._lines.get()]
            while not self._lines.empty():
                lines.append(self._lines.get())
            yield [line for line in lines if line is not None]
            if None in lines:
                return
            time.sleep(GATHER_SECONDS)


async def probe(settings: dict[str, Any], stopping: asyncio.Event, emit: Emit) -> None:
    """Prepare what is asked for later, then probe until told to stop; a refusal is emitted."""
    epoch = settings.pop("epoch")
    try:
        plan = Plan(**settings).check()
        session, traffic = Session(plan, epoch), Traffic(plan.service, plan.seed)
        try:
            await traffic.prepare(session.prepare)
            await OpenLoop(session, iter(traffic), plan.rate, emit).run(stopping)
        finally:
            await session.close()
    except (ProbeError, UnknownServiceError) as refusal:
        emit({"refusal": str(refusal)})


async def _listen(commands: asyncio.StreamReader, stopping: asyncio.Event) -> None:
    """Wait until the stream ends; that is, until the drill has."""
    if await commands.readline() == b"stop\n":
        stopping.set()
        await commands.read()


async def serve() -> None:
    """Read the plan and probe as long as the drill lives."""
    commands = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(commands)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    line = await commands.readline()
    if not line:
        return
    output, stopping = Output(), asyncio.Event()
    try:
        probing = asyncio.create_task(probe(json.loads(line), stopping, output.emit))
        listening = asyncio.create_task(_listen(commands, stopping))
        await asyncio.wait({probing, listening}, return_when=asyncio.FIRST_COMPLETED)
        if probing.done():
            probing.result()
        listening.cancel()
        probing.cancel()
    finally:
        output.close()


if __name__ == "__main__":
    asyncio.run(serve())
