"""Asking those who keep telemetry, each in a thread that nobody waits for longer than was agreed.

Telemetry comes late: services send spans in batches, a collector waits for a whole trace before it decides whether to
keep it, log lines are shipped in batches. So what is known of a request is asked for until it cannot grow any more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from cluster.errors import Absent, ClusterError
from drills.evidence import ABSENT, ASKED, FAILED, Found, Source
from drills.probes import EPOCH

# A service sends its spans every 5 s at the latest, and its lines sooner: what is known of a request is complete then.
COMPLETE_SECONDS = 6.0
# Tail sampling decides after 10 s at the latest, and storing takes a moment: what is unknown then stays unknown.
LATEST_SECONDS = 14.0
# A person does not notice half a second, and Jaeger not two questions in one.
POLL_SECONDS = 0.5
# Whoever fails so often in a row is not asked again.
TRIES = 3


Item = TypeVar("Item")
Ask = Callable[[Sequence[str]], Iterable[tuple[str, Item]]]


class Pursuit(Generic[Item]):
    """Asks one source for what it knows of requests, in a thread of its own, until that cannot grow any more.

    Args:
        name: how people call the source.
        wanted: the requests.
        ask: yields what is known by trace id; raises ClusterError.
    """

    def __init__(self, name: str, wanted: Sequence[Found], ask: Ask[Item]) -> None:
        self._name = name
        self._ends = {each.sample.trace_id: each.sample.scheduled + each.sample.latency_ms / 1000 for each in wanted}
        self._ask = ask
        self._asked: dict[str, float] = {}
        self._absent = self._trouble = ""
        self._answered = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.found: dict[str, Item] = {}
        self._thread.start()

    def wait(self, deadline: float) -> None:
        """Wait for the end, at most until a time of the monotonic clock; then it ends in any case."""
        self._thread.join(max(0.0, deadline - time.monotonic()))
        self._stopped.set()

    @property
    def source(self) -> Source:
        """Return what became of it."""
        if self._absent:
            return Source(self._name, ABSENT, self._absent)
        if not self._ends:
            return Source(self._name, ASKED, "no request was worth a question")
        missing = len(self._ends) - len(self.found)
        short = f"{missing} of {len(self._ends)} requests are not there" if missing else ""
        if not self._answered:
            return Source(self._name, FAILED, self._trouble or self._late)
        return Source(self._name, ASKED, "; ".join(filter(None, (short, self._trouble))))

    def missing(self, trace_id: str) -> str:
        """Return why nothing is known of a request, empty if something is."""
        if trace_id in self.found:
            return ""
        if trace_id not in self._asked:
            return self._absent or self._trouble or self._late
        age = self._asked[trace_id] - self._ends[trace_id]
        return f"{self._name} did not have it {max(0.0, age):.0f} s after: not kept, or lost on the way"

    @property
    def _late(self) -> str:
        return f"{self._name} did not answer in time"

    def _run(self) -> None:
        failures = 0
        while failures < TRIES and (ids := self._open()) and not self._stopped.is_set():
            try:
                self._round(ids)
                failures, self._trouble = 0, ""
            except Absent as absent:
                self._absent = str(absent)
                return
            except Exception as error:  # noqa: BLE001 - whatever a source does, the drill goes on without it
                failures, self._trouble = failures + 1, _line(error)
            self._stopped.wait(POLL_SECONDS)

    def _round(self, ids: Sequence[str]) -> None:
        now = _now()
        for trace_id, item in self._ask(ids):
            if self._stopped.is_set():
                return
            self._answered = True
            self.found[trace_id] = item
        self._answered = True
        self._asked.update(dict.fromkeys(ids, now))

    def _open(self) -> list[str]:
        """Return the requests of which more may still become known."""
        return [trace_id for trace_id in self._ends if not self._is_final(trace_id)]

    def _is_final(self, trace_id: str) -> bool:
        asked = self._asked.get(trace_id)
        enough = COMPLETE_SECONDS if trace_id in self.found else LATEST_SECONDS
        return asked is not None and asked - self._ends[trace_id] >= enough


class Question(Generic[Item]):
    """Asks for one thing, in a thread of its own.

    Args:
        name: how people call who is asked.
        ask: returns the answer.
        otherwise: the answer where there is none.
    """

    def __init__(self, name: str, ask: Callable[[], Item], otherwise: Item) -> None:
        self._ask = ask
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.answer = otherwise
        self.source = Source(name, FAILED, f"{name} did not answer in time")
        self._thread.start()

    def wait(self, deadline: float) -> None:
        """Wait for the answer, at most until a time of the monotonic clock."""
        self._thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        name = self.source.name
        try:
            self.answer = self._ask()
            self.source = Source(name, ASKED)
        except Absent as absent:
            self.source = Source(name, ABSENT, str(absent))
        except Exception as error:  # noqa: BLE001 - see Pursuit
            self.source = Source(name, FAILED, _line(error))


def _now() -> float:
    """Return the time by the clock that the requests were written down by."""
    return EPOCH + time.monotonic()


def _line(error: Exception) -> str:
    said = " ".join(str(error).split())
    return said if isinstance(error, ClusterError) else f"{type(error).__name__}: {said}"
