"""Marks on dashboards: what they say, and that they cost a drill nothing."""

import threading
import time
from types import SimpleNamespace

import pytest

from cluster.errors import Absent, BackendError
from drills.annotations import Annotator, annotated
from drills.evidence import Source
from drills.record import Record
from drills.twins import TWINS

JUDGEMENT = SimpleNamespace(step="canary at 15 %", verdict="Failed", reason="r", query="q", samples=[], numbers={})


class Grafana:
    name = "Grafana"

    def __init__(self, error=None):
        self.marks, self.ends, self.error = [], {}, error

    def mark(self, time_ms, tags, text):
        if self.error:
            raise self.error
        self.marks.append((time_ms, tags, text))
        return len(self.marks)

    def stretch(self, annotation, end_ms):
        self.ends[annotation] = end_ms


@pytest.fixture
def record():
    return Record("canary", TWINS["errors"], "order", "embedded", "h", "v2", 200)


def soon():
    return time.monotonic() + 10


def release(record):
    with record.step("shift", "15 % of the users to the canary", 15):
        pass
    record.find(JUDGEMENT)
    record.outcome = "RolledBack"


def test_every_step_judgement_and_the_end_is_marked(record):
    grafana = Grafana()
    annotator = annotated(record, grafana)
    release(record)
    annotator.finish("Passed", "Rolled back.")
    assert annotator.close(soon()) == Source("Grafana", "asked", "")
    ours = ["proving-ground", "drill:canary-errors"]
    assert [(tags, text) for _, tags, text in grafana.marks] == [
        ([*ours, "step:shift", "weight:15", "service:order"], "shift: 15 % of the users to the canary"),
        ([*ours, "judgement", "verdict:Failed"], "canary at 15 %: Failed: r"),
        ([*ours, "end", "verdict:Passed", "outcome:RolledBack"], "Passed: Rolled back."),
    ]
    step = record.steps[0]
    assert grafana.marks[0][0] == round((record.started + step.started_s) * 1000)
    assert grafana.ends == {1: round((record.started + step.finished_s) * 1000)}


def test_a_drill_without_an_outcome_claims_none(record):
    grafana = Grafana()
    annotator = annotated(record, grafana)
    annotator.finish("Error", "interrupted")
    annotator.close(soon())
    assert not any(tag.startswith("outcome:") for _, tags, _ in grafana.marks for tag in tags)


def test_lost_marks_are_counted(record):
    grafana = Grafana(BackendError("Grafana refuses: out of\nspace [500]"))
    annotator = annotated(record, grafana)
    release(record)
    while annotator._tasks.qsize():
        time.sleep(0.001)
    grafana.error = None
    annotator.finish("Passed", "r")
    assert annotator.close(soon()) == Source(
        "Grafana", "asked", "2 of 3 marks were lost: Grafana refuses: out of space [500]"
    )


def test_without_a_grafana_nothing_is_sent_any_more(record):
    grafana = Grafana(Absent("namespace observability has no Service grafana"))
    annotator = annotated(record, grafana)
    release(record)
    assert annotator.close(soon()).state == "absent"


def test_a_grafana_that_hangs_holds_nobody_up(record):
    over = threading.Event()

    class Hanging(Grafana):
        def mark(self, time_ms, tags, text):
            over.wait()
            return super().mark(time_ms, tags, text)

    grafana = Hanging()
    annotator = Annotator(record, grafana, room=3)
    record.watchers.append(annotator)
    for _ in range(20):
        release(record)
    closed = annotator.close(time.monotonic() + 0.1)
    over.set()
    annotator._thread.join()
    assert (closed.state, closed.reason) == ("failed", "40 of 40 marks were lost: Grafana is slower than the drill")
    assert len(grafana.marks) == 1  # the one that it had; the others are not sent after the end


def test_an_error_of_our_own_stays_in_the_thread(record):
    annotator = annotated(record, Grafana(KeyError("id")))
    release(record)
    assert annotator.close(soon()) == Source("Grafana", "failed", "2 of 2 marks were lost: KeyError: 'id'")
