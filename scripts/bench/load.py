"""A closed loop of HTTP requests, cheap enough not to be the bottleneck of what it measures.

General HTTP clients need more processor time for a request than the services do; this one speaks just enough HTTP/1.1
for a response with a Content-Length over a connection that is kept.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

_END_OF_HEADERS = b"\r\n\r\n"


class LoadError(Exception):
    """A server under measurement answered with something other than 200, or not at all."""


@dataclass(frozen=True)
class Throughput:
    """What a closed loop reached.

    Attributes:
        requests: how many were answered.
        seconds: how long it took.
    """

    requests: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Return requests per second."""
        return self.requests / self.seconds


class _Client(asyncio.Protocol):
    """Sends the next request as soon as the last one is answered, until the deadline."""

    def __init__(self, request: bytes, deadline: float) -> None:
        self._request, self._deadline = request, deadline
        self._buffer = bytearray()
        self.answered = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what a TCP connection is
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        length = response_length(self._buffer)
        if length is None or len(self._buffer) < length:
            return
        if not self._buffer.startswith(b"HTTP/1.1 200"):
            self._finish(LoadError(f"answered {bytes(self._buffer[:60])!r}"))
            return
        del self._buffer[:length]
        self.answered += 1
        if time.perf_counter() < self._deadline:
            self._transport.write(self._request)
        else:
            self._finish(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._finish(LoadError(f"the connection was closed: {error}"))

    def _finish(self, error: LoadError | None) -> None:
        if self.done.done():
            return
        if error:
            self.done.set_exception(error)
        else:
            self.done.set_result(None)
        self._transport.close()


def response_length(buffer: bytearray) -> int | None:
    """Return the length of the response that starts the buffer, None while its headers are not all there."""
    end = buffer.find(_END_OF_HEADERS)
    if end < 0:
        return None
    for line in bytes(buffer[:end]).lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return end + len(_END_OF_HEADERS) + int(line.split(b":")[1])
    raise LoadError("the response has no Content-Length")


async def run(host: str, port: int, path: str, *, connections: int, seconds: float) -> Throughput:
    """Keep a number of connections busy for a time.

    Raises:
        LoadError: a response was not a 200, or a connection broke.
    """
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    started = time.perf_counter()
    loop = asyncio.get_running_loop()
    clients = [
        (await loop.create_connection(lambda: _Client(request, started + seconds), host, port))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(client.done for client in clients))
    return Throughput(sum(client.answered for client in clients), time.perf_counter() - started)
