"""What every controller shares: a queue of keys that watches feed, and a loop that makes the world as declared.

A controller is level-triggered. An event only says which object to look at; what is to be done is read from the store
when its turn comes. So events may be lost, doubled or late without harm, and a start is a look at every object.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from embedded.apiserver.errors import ApiError
from embedded.apiserver.resources import Resource
from embedded.apiserver.store import Store
from embedded.apiserver.watch import Event
from embedded.events import EventRecorder

# Namespace (empty for a cluster-wide kind) and name.
Key = tuple[str, str]
# Seconds since the epoch: what is compared with it are timestamps in objects.
Clock = Callable[[], float]

FIRST_BACK_OFF_S, LONGEST_BACK_OFF_S = 0.05, 30.0
# Longer than any timer needs; a clock that was set anew is noticed after it.
LONGEST_WAIT_S = 60.0


class WorkQueue:
    """Keys to look at, each at most once, now or at a later time."""

    def __init__(self) -> None:
        self._due: dict[Key, float] = {}
        self._changed = asyncio.Event()

    def add(self, key: Key, due: float = 0.0) -> None:
        """Queue a key for a time; one that is queued already keeps the earlier time."""
        if due < self._due.get(key, float("inf")):
            self._due[key] = due
            self._changed.set()

    def take(self, now: float) -> Key | None:
        """Take out the key that is due the longest, None if none is due."""
        key = min(self._due, key=self._due.__getitem__, default=None)
        if key is None or self._due[key] > now:
            return None
        del self._due[key]
        return key

    def next_due(self) -> float | None:
        """Return when the next key is due, None if the queue is empty."""
        return min(self._due.values(), default=None)

    async def wait(self, now: float) -> None:
        """Wait until a key is due, as far as one can tell now."""
        self._changed.clear()
        due = self.next_due()
        seconds = LONGEST_WAIT_S if due is None else min(max(due - now, 0.0), LONGEST_WAIT_S)
        # Not asyncio.wait_for: before Python 3.12 it may lose a cancellation that comes together with the event.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()


class Controller(ABC):
    """One reconciliation loop.

    Args:
        store: the cluster's storage.
        clock: the present time in seconds since the epoch.

    Attributes:
        name: as Kubernetes calls it; the source of its events.
        watched: kinds whose changes it is told of; empty means all.
    """

    name: ClassVar[str]
    watched: ClassVar[Sequence[Resource]]

    def __init__(self, store: Store, clock: Clock = time.time) -> None:
        self.store = store
        self.clock = clock
        self.events = EventRecorder(store, self.name)
        self._queue = WorkQueue()
        self._failures: dict[Key, int] = {}
        self._log = logging.getLogger(f"embedded.{self.name}")

    @abstractmethod
    def keys(self) -> Iterable[Key]:
        """Return the keys of everything to look at when starting."""

    @abstractmethod
    def affected(self, event: Event) -> Iterable[Key]:
        """Return the keys to look at because of a change."""

    @abstractmethod
    def reconcile(self, namespace: str, name: str) -> float | None:
        """Make one object's world as declared.

        Returns:
            Seconds after which to look again even if nothing changes; None for never.
        """

    async def run(self) -> None:
        """Reconcile until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._work())

    def resync(self) -> None:
        """Queue everything there is."""
        for key in self.keys():
            self._queue.add(key, self.clock())

    def observe(self, event: Event) -> None:
        """Queue what a change affects; if that cannot be told, queue everything."""
        if self.watched and event.resource not in self.watched:
            return
        try:
            for key in self.affected(event):
                self._queue.add(key, self.clock())
        except Exception:  # noqa: BLE001 - one malformed object must not stop the controller
            meta = event.body["metadata"]
            self._log.exception("cannot tell what %s %s affects", event.resource.kind, meta.get("name"))
            self.resync()

    def step(self) -> bool:
        """Reconcile the next key that is due; tell whether there was one."""
        key = self._queue.take(self.clock())
        if key is None:
            return False
        try:
            again = self.reconcile(*key)
        except ApiError as error:
            self._log.warning("cannot reconcile %s yet: %s", _readable(key), error.message)
            again = self._back_off(key)
        except Exception:  # noqa: BLE001 - tried again later: what is missing may come
            self._log.exception("cannot reconcile %s, will try again", _readable(key))
            again = self._back_off(key)
        else:
            self._failures.pop(key, None)
        if again is not None:
            self._queue.add(key, self.clock() + again)
        return True

    def _back_off(self, key: Key) -> float:
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        return float(min(FIRST_BACK_OFF_S * 2 ** min(failures - 1, 16), LONGEST_BACK_OFF_S))

    async def _listen(self) -> None:
        while True:
            with self.store.watch(None) as watch:
                self.resync()
                async for event in watch:
                    self.observe(event)

    async def _work(self) -> None:
        while True:
            if self.step():
                await asyncio.sleep(0)  # the other parts of the cluster share this loop
            else:
                await self._queue.wait(self.clock())


def _readable(key: Key) -> str:
    return "/".join(part for part in key if part)
