"""Saved files, one burst at a time: editors write several files at once, and some write each of them twice."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath

from watchfiles import DefaultFilter, watch

Burst = set[PurePath]

# What follows within this time belongs to the same burst. Each save waits for it once.
QUIET_MS = 50
# A burst without an end is not waited for.
LONGEST_MS = 1000
# How often is said that nothing was saved; the first time, that the folder is watched.
IDLE_MS = 200
# A file may bear a time from long ago, as after `cp -p`: then it counts from when it was seen.
FRESH_SECONDS = 5.0


class WatchError(Exception):
    """The folder cannot be watched; the message is one line."""


class Saves:
    """Watches a folder while it is open; iterating gives the files of each burst, relative to it.

    Args:
        folder: what is watched, with all below it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bursts: queue.SimpleQueue[Burst | WatchError] = queue.SimpleQueue()
        self._watched = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="saves", daemon=True)

    def __enter__(self) -> Saves:
        self._thread.start()
        self._watched.wait()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop.set()
        self._thread.join()

    def __iter__(self) -> Iterator[Burst]:
        while True:
            burst = self._take()
            while self.pending:
                burst |= self._take()
            yield burst

    @property
    def pending(self) -> bool:
        """Tell whether something was saved that nobody was given yet."""
        return not self._bursts.empty()

    def _take(self) -> Burst:
        """Return what was saved.

        Raises:
            WatchError: the folder cannot be watched any more.
        """
        found = self._bursts.get()
        if isinstance(found, WatchError):
            raise found
        return found

    def _run(self) -> None:
        try:
            self._watch()
        except (OSError, RuntimeError) as error:
            self._bursts.put(WatchError(f"{self._folder} cannot be watched: {' '.join(str(error).split())}"))
        finally:
            self._watched.set()

    def _watch(self) -> None:
        for changes in watch(
            self._folder,
            watch_filter=DefaultFilter(),
            debounce=LONGEST_MS,
            step=QUIET_MS,
            stop_event=self._stop,
            rust_timeout=IDLE_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
        ):
            self._watched.set()
            if changes:
                self._bursts.put({Path(path).relative_to(self._folder) for _change, path in changes})


def saved_at(folder: Path, paths: Iterable[PurePath]) -> float:
    """Return when the last of these files was saved, in seconds since the epoch; of a deleted one, now."""
    now = time.time()
    newest = max((_changed_at(folder / path) for path in paths), default=0.0)
    return newest if now - FRESH_SECONDS < newest <= now else now


def saved_since(folder: Path, moment: float) -> Burst:
    """Return the Python files that were saved after a moment, in seconds since the epoch."""
    return {path.relative_to(folder) for path in folder.rglob("*.py") if _changed_at(path) > moment}


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
