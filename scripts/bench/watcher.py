"""Asks one address without a pause and remembers when which version answered."""

from __future__ import annotations

import http.client
import threading
import time
from urllib.parse import urlsplit

from bench.load import LoadError

VERSION = "X-App-Version"
DEADLINE_S = 10.0


class Watcher:
    """A user who reloads all the time, over one connection; use it as a context manager.

    Args:
        url: where the gateway answers.
        path: what is asked for; any status will do, as long as the version stands in the response.
    """

    def __init__(self, url: str, path: str) -> None:
        address = urlsplit(url)
        self._connection = http.client.HTTPConnection(str(address.hostname), address.port or 80, timeout=DEADLINE_S)
        self._path = path
        self._changed = threading.Condition()
        self._seen: list[tuple[float, str]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop.set()
        self._thread.join()
        self._connection.close()

    def first(self, version: str, since: float) -> float:
        """Return when a version answered first since a moment, both by `time.perf_counter`.

        Raises:
            LoadError: it did not answer in time.
        """
        deadline = time.perf_counter() + DEADLINE_S
        with self._changed:
            while time.perf_counter() < deadline:
                for moment, answered in self._seen:
                    if moment >= since and answered == version:
                        return moment
                self._changed.wait(DEADLINE_S)
        raise LoadError(f"no request was answered by {version} within {DEADLINE_S:.0f} s")

    def _ask(self) -> None:
        while not self._stop.is_set():
            self._connection.request("GET", self._path)
            response = self._connection.getresponse()
            response.read()
            moment, version = time.perf_counter(), response.headers.get(VERSION, "")
            with self._changed:
                # Only changes matter; the list stays as short as the number of flips.
                if not self._seen or self._seen[-1][1] != version:
                    self._seen.append((moment, version))
                    self._changed.notify_all()
