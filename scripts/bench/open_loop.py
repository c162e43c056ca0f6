"""How late a server answers at a rate that it can bear: requests leave on schedule, whatever the answers do.

A closed loop waits while the server stalls and so never sees it; here latency counts from the moment a request was due.
"""

from __future__ import annotations

import asyncio
import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.load import LoadError, response_length


@dataclass(frozen=True)
class Latency:
    """What users waited.

    Attributes:
        p50_ms: median, in milliseconds.
        p99_ms: 99th percentile.
    """

    p50_ms: float
    p99_ms: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Latency:
        """Return the percentiles of times in seconds: each one that some request took."""
        ordered = sorted(seconds)
        return cls(*(round(ordered[math.ceil(len(ordered) * share) - 1] * 1000, 3) for share in (0.5, 0.99)))


def middle(rounds: Sequence[Latency]) -> Latency:
    """Return the median over rounds of each percentile."""
    return Latency(statistics.median(each.p50_ms for each in rounds), statistics.median(each.p99_ms for each in rounds))


class _Connection(asyncio.Protocol):
    """One connection that is kept and carries one request at a time."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._answer: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what a TCP connection is
        self.transport = transport

    async def ask(self, request: bytes) -> None:
        """Send a request and wait for all of its answer."""
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        await self._answer

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        length = response_length(self._buffer)
        if length is None or len(self._buffer) < length:
            return
        good = self._buffer.startswith(b"HTTP/1.1 200")
        self._settle(None if good else LoadError(f"answered {bytes(self._buffer[:60])!r}"))
        del self._buffer[:length]

    def connection_lost(self, error: Exception | None) -> None:
        self._settle(LoadError(f"the connection was closed: {error}"))

    def _settle(self, error: LoadError | None) -> None:
        if self._answer is None or self._answer.done():
            return
        if error:
            self._answer.set_exception(error)
        else:
            self._answer.set_result(None)


class _Users:
    """Sends requests over idle connections, and opens one where none is idle."""

    def __init__(self, host: str, port: int, path: str) -> None:
        self._place = (host, port)
        self._request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        self._idle: list[_Connection] = []

    async def ask(self, due: float) -> float:
        """Return how many seconds after it was due a request was answered."""
        connection = self._idle.pop() if self._idle else await self._connect()
        await connection.ask(self._request)
        self._idle.append(connection)
        return time.perf_counter() - due

    async def _connect(self) -> _Connection:
        return (await asyncio.get_running_loop().create_connection(_Connection, *self._place))[1]

    def close(self) -> None:
        for connection in self._idle:
            connection.transport.close()


async def run(host: str, port: int, path: str, *, rate: float, seconds: float) -> Latency:
    """Send requests at a constant rate.

    Args:
        host: where the server is.
        port: its port.
        path: what to get.
        rate: requests per second.
        seconds: how long.

    Raises:
        LoadError: a response was not a 200, or a connection broke.
    """
    users, began = _Users(host, port, path), time.perf_counter()
    asked = []
    for slot in range(math.floor(rate * seconds)):
        due = began + slot / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        asked.append(asyncio.create_task(users.ask(due)))
    try:
        return Latency.of(await asyncio.gather(*asked))
    finally:
        users.close()
