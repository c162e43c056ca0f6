"""Smoke requests: some dozens through the gateway's side door to the new version, before any user gets there."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

HEADER = "x-track"
VERSION_HEADER = "X-App-Version"
TIMEOUT = 5.0
# A version that fails one request in five gets through so many with a chance of 1 in 70 000.
REQUESTS = 50
# So many at a time: a version that answers late keeps nobody waiting for long.
ABREAST = 5
# Pause between two tries to reach a version that the gateway does not know yet.
TRY_AGAIN = 0.1


@dataclass(frozen=True)
class Answer:
    """What became of one request.

    Attributes:
        path: what was asked for.
        status: HTTP status, 0 for no answer.
        version: version that answered, empty if none said so.
        seconds: how long it took.
        error: why there was no answer.
    """

    path: str
    status: int
    version: str
    seconds: float
    error: str = ""

    @property
    def said(self) -> str:
        """Return the answer in words."""
        return f"status {self.status}" if self.status else f"no answer ({self.error})"

    def as_dict(self) -> dict[str, Any]:
        """Return the answer for a report."""
        return asdict(self)


def ask(gateway: str, path: str, track: str) -> Answer:
    """Send one GET to the version behind a track; no answer is an answer with status 0."""
    parts = urlsplit(gateway)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=TIMEOUT)
    started = time.monotonic()
    try:
        connection.request("GET", parts.path + path, headers={HEADER: track, "Connection": "close"})
        response = connection.getresponse()
        response.read()
        return Answer(path, response.status, response.getheader(VERSION_HEADER, ""), time.monotonic() - started)
    except (OSError, http.client.HTTPException) as error:
        return Answer(path, 0, "", time.monotonic() - started, str(error) or type(error).__name__)
    finally:
        connection.close()


def ask_all(gateway: str, paths: Sequence[str], track: str) -> list[Answer]:
    """Send the smoke requests, the paths by turns."""
    turns = [paths[number % len(paths)] for number in range(REQUESTS)]
    with ThreadPoolExecutor(ABREAST, thread_name_prefix="smoke") as pool:
        return list(pool.map(lambda path: ask(gateway, path, track), turns))


def reach(gateway: str, path: str, track: str, timeout: float, clock: Callable[[], float] = time.monotonic) -> Answer:
    """Ask until some version answers, however badly, and return the last answer: a proxy may not know it yet."""
    deadline = clock() + timeout
    while True:
        answer = ask(gateway, path, track)
        if answer.version or clock() >= deadline:
            return answer
        time.sleep(TRY_AGAIN)
