"""A drill's steps and judgements as marks on Grafana's dashboards, written beside the drill.

A thread of its own sends them. The drill only puts them into a queue that never makes it wait: a mark that finds no
room, or that Grafana does not take, is lost, counted, and said in the report.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence

from cluster.errors import Absent, ClusterError
from drills.evidence import ABSENT, ASKED, FAILED, Annotations, Source
from drills.record import Finding, Record, Step

# A drill makes some thirty marks; a queue that has grown so long is not going to be emptied.
ROOM = 200
PLATFORM = "proving-ground"

Task = Callable[[], None]


class Annotator:
    """Marks what happens in one drill.

    Args:
        record: of the drill; it tells of every step and judgement.
        annotations: who shows the marks.
        room: how many marks may wait.
    """

    def __init__(self, record: Record, annotations: Annotations, room: int = ROOM) -> None:
        self._record = record
        self._annotations = annotations
        self._tags = [PLATFORM, f"drill:{record.name}"]
        self._tasks: queue.Queue[Task | None] = queue.Queue(room)
        self._ids: dict[int, int] = {}
        self._marks = self._kept = 0
        self._absent = self._trouble = ""
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def began(self, step: Step) -> None:
        """Mark the start of a step."""
        weight = [] if step.weight is None else [f"weight:{step.weight}"]
        tags = [f"step:{step.name}", *weight, f"service:{self._record.service}"]
        self._mark(step.started_s, tags, f"{step.name}: {step.detail}".rstrip(": "), id(step))

    def ended(self, step: Step) -> None:
        """Let the mark of a step end where the step does."""
        if step.finished_s is not None:
            end = self._time(step.finished_s)
            self._put(lambda: self._stretch(id(step), end))

    def judged(self, finding: Finding) -> None:
        """Mark a judgement."""
        tags = ["judgement", f"verdict:{finding.verdict}"]
        self._mark(finding.at_s, tags, f"{finding.step}: {finding.verdict}: {finding.reason}")

    def finish(self, verdict: str, reason: str) -> None:
        """Mark the end of the drill."""
        outcome = [f"outcome:{self._record.outcome}"] if self._record.outcome else []
        self._mark(self._record.now(), ["end", f"verdict:{verdict}", *outcome], f"{verdict}: {reason}")

    def close(self, deadline: float) -> Source:
        """Let the marks that wait be sent until a time of the monotonic clock, and return what became of all."""
        self._put(None)
        self._thread.join(max(0.0, deadline - time.monotonic()))
        self._closed.set()
        name, lost = self._annotations.name, self._marks - self._kept
        if self._absent:
            return Source(name, ABSENT, self._absent)
        why = self._trouble or f"{name} did not take them in time"
        said = f"{lost} of {self._marks} marks were lost: {why}" if lost else self._trouble
        return Source(name, ASKED if self._kept or not lost else FAILED, said)

    def _mark(self, at_s: float, tags: Sequence[str], text: str, step: int | None = None) -> None:
        self._marks += 1
        when, all_tags = self._time(at_s), [*self._tags, *tags]

        def send() -> None:
            annotation = self._annotations.mark(when, all_tags, text)
            self._kept += 1
            if step is not None:
                self._ids[step] = annotation

        self._put(send)

    def _stretch(self, step: int, end: int) -> None:
        annotation = self._ids.pop(step, None)
        if annotation is not None:
            self._annotations.stretch(annotation, end)

    def _put(self, task: Task | None) -> None:
        try:
            self._tasks.put_nowait(task)
        except queue.Full:
            self._trouble = self._trouble or f"{self._annotations.name} is slower than the drill"

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None and not self._closed.is_set():
            try:
                task()
            except Absent as absent:
                self._absent = str(absent)
                return
            except Exception as error:  # noqa: BLE001 - whatever becomes of a mark, the drill goes on
                said = " ".join(str(error).split())
                self._trouble = said if isinstance(error, ClusterError) else f"{type(error).__name__}: {said}"

    def _time(self, at_s: float) -> int:
        return round((self._record.started + at_s) * 1000)


def annotated(record: Record, annotations: Annotations) -> Annotator:
    """Mark everything that a record is told from now on."""
    annotator = Annotator(record, annotations)
    record.watchers.append(annotator)
    return annotator
