"""A shop that answers the prober correctly and as fast as Python can, so that the prober is what is measured.

``python -m bench.shopkeeper PORT``. It speaks as much HTTP/1.1 as the prober and wrk do: one request at a time over a
connection that is kept.
"""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit

_END_OF_HEADERS = b"\r\n\r\n"

Answer = tuple[int, dict[str, Any]]


class Shop:
    """Users that are whoever is asked for, and orders that are kept."""

    def __init__(self) -> None:
        self._orders: dict[str, dict[str, Any]] = {}
        self._by_key: dict[str, dict[str, Any]] = {}
        # Lists have one order, as those of the prober's users are short: what is measured is not JSON.
        self._latest: dict[str, dict[str, Any]] = {}

    def answer(self, method: str, target: str, key: str, body: bytes) -> Answer:
        """Answer one request.

        Args:
            method: GET or POST.
            target: path and query.
            key: the Idempotency-Key, empty for none.
            body: JSON of a POST.
        """
        url = urlsplit(target)
        if method == "POST":
            sent = json.loads(body)
            return 201, {"id": uuid.uuid4().hex, **sent} if url.path == "/users" else self._place(key, sent)
        _, kind, *identifier = url.path.split("/")
        if kind == "users":
            return 200, {"id": identifier[0]}
        if identifier:
            return 200, self._orders[identifier[0]]
        return 200, {"items": [self._latest[parse_qs(url.query)["user_id"][0]]]}

    def _place(self, key: str, sent: dict[str, Any]) -> dict[str, Any]:
        if key in self._by_key:
            return self._by_key[key]
        total = sum(item["quantity"] * item["unit_price_cents"] for item in sent["items"])
        order = {"id": uuid.uuid4().hex, "user_id": sent["user_id"], "total_cents": total}
        self._orders[order["id"]] = self._by_key[key] = self._latest[order["user_id"]] = order
        return order


class _Counter(asyncio.Protocol):
    """One connection to the shop."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what a TCP connection is
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(_END_OF_HEADERS)
        if end < 0:
            return
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        whole = end + len(_END_OF_HEADERS) + int(headers.get("content-length", 0))
        if len(self._buffer) < whole:
            return
        method, target, _ = first.split(" ")
        body = bytes(self._buffer[end + len(_END_OF_HEADERS) : whole])
        del self._buffer[:whole]
        self._send(*self._shop.answer(method, target, headers.get("idempotency-key", ""), body))

    def _send(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        head = f"HTTP/1.1 {status} .\r\nContent-Type: application/json\r\nX-App-Version: v1\r\n"
        self._transport.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


async def serve(port: int) -> None:
    """Serve a shop on a port of this machine until cancelled."""
    shop = Shop()
    server = await asyncio.get_running_loop().create_server(lambda: _Counter(shop), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
