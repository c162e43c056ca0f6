"""The evidence: which requests are looked up, how long they are waited for, and what is said of those not found."""

import dataclasses
import threading
import time

import pytest
from tests.unit.drills.fakes import sample

from cluster.elasticsearch import Line
from cluster.errors import Absent, BackendError
from cluster.jaeger import Span, Trace
from drills import evidence_asking, evidence_report
from drills.evidence import FIRST_FAILED, LAST_FAILED, SLOWEST, Evidence, Source, Telemetry, worth_a_look
from drills.evidence_gathering import gather
from drills.probes import EPOCH
from drills.record import Record
from drills.schema import fits
from drills.twins import TWINS

LONG_AGO = 1000.0


def now():
    return EPOCH + time.monotonic()


def record_of(samples):
    record = Record("canary", TWINS["errors"], "order", "embedded", "h", "v2", 200, stable="v1", samples=samples)
    record.started = min(each.scheduled for each in samples) - 1
    return record


def old(**details):
    return sample(now() - LONG_AGO, **details)


def span(number="a", **changes):
    whole = Span("order", "v2", "GET", number, None, 5.0, 0.25, True, {"http.route": "/orders"})
    return dataclasses.replace(whole, **changes)


class Sources:
    """Jaeger and Elasticsearch in one: knows what a test says, after as many questions as a test says."""

    name = "Jaeger"

    def __init__(self, known=(), after=0, error=None):
        self.known, self.after, self.error = set(known), after, error
        self.asked = []

    def trace(self, trace_id):
        self.asked.append(trace_id)
        if self.error:
            raise self.error
        return Trace((span(),)) if trace_id in self.known and self.asked.count(trace_id) > self.after else None

    def lines(self, trace_ids):
        return [Line(trace_id, "2026-01-01T00:00:00Z") for trace_id in trace_ids if self.trace(trace_id)]


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    monkeypatch.setattr(evidence_asking, "POLL_SECONDS", 0.01)


def looked_up(samples, source, limit=10.0):
    return gather(record_of(samples), Telemetry(traces=source, logs=source), dict, limit)


# Which


def test_failed_requests_come_first_and_the_middle_of_many_is_left_out():
    failed = [sample(100.0 + second, status=500) for second in range(FIRST_FAILED + LAST_FAILED + 7)]
    wanted, left_out = worth_a_look(record_of(failed[::-1]))
    assert [each.sample for each in wanted] == failed[:FIRST_FAILED] + failed[-LAST_FAILED:]
    assert (left_out, {each.why for each in wanted}) == (7, {"failed"})


def test_the_slowest_of_both_versions_are_set_beside_each_other():
    right = [sample(100.0, version, latency=ms) for version in ("v1", "v2") for ms in range(20)]
    others = [sample(100.0, "v2", 500, 999.0), sample(100.0, "v9", service="user", latency=999.0)]
    wanted, _ = worth_a_look(record_of(right + others))
    slowest = [(each.sample.version, each.sample.latency_ms) for each in wanted if each.why == "slowest"]
    assert slowest == [(version, 19 - place) for version in ("v2", "v1") for place in range(SLOWEST)]


def test_the_slowest_are_those_while_both_versions_could_be_met():
    record = record_of([sample(100.0, latency=900.0), sample(105.0, latency=30.0), sample(110.0, latency=800.0)])
    record.acted_s, record.settled_s = 4.0, 8.0
    assert [each.sample.latency_ms for each in worth_a_look(record)[0]] == [30.0]


# How long


def test_an_old_request_is_asked_for_once():
    one = old(status=500)
    source = Sources([one.trace_id])
    found = looked_up([one], source)
    assert source.asked == [one.trace_id] * 2  # its trace and its lines
    assert found.requests[0].trace is not None
    assert found.requests[0].lines


def test_what_comes_late_is_waited_for(monkeypatch):
    monkeypatch.setattr(evidence_asking, "COMPLETE_SECONDS", 0.0)
    one = sample(now(), status=500)
    found = looked_up([one], Sources([one.trace_id], after=5))
    assert found.requests[0].trace is not None
    assert found.sources["traces"] == Source("Jaeger", "asked", "")


def test_a_trace_that_may_still_grow_is_asked_for_again(monkeypatch):
    monkeypatch.setattr(evidence_asking, "COMPLETE_SECONDS", 0.2)

    class Growing(Sources):
        def trace(self, trace_id):
            self.asked.append(trace_id)
            return Trace(tuple(span(str(number)) for number in range(len(self.asked))))

        def lines(self, trace_ids):
            return []

    found = looked_up([sample(now(), status=500)], Growing(), limit=0.5)
    assert len(found.requests[0].trace.spans) > 1


def test_what_never_comes_is_said_and_not_waited_for():
    kept, dropped = old(status=500), old(status=500)
    found = looked_up([kept, dropped], Sources([kept.trace_id]))
    assert [bool(each.trace) for each in found.requests] == [True, False]
    assert found.requests[0].trace_missing == found.requests[0].lines_missing == ""
    assert found.requests[1].trace_missing == "Jaeger did not have it 1000 s after: not kept, or lost on the way"
    assert found.sources["traces"].reason == "1 of 2 requests are not there"


# Who does not answer


def test_an_absent_source_is_asked_once():
    source = Sources(error=Absent("namespace observability has no Service jaeger"))
    found = looked_up([old(status=500), old(status=500)], source)
    assert found.sources["traces"] == Source("Jaeger", "absent", "namespace observability has no Service jaeger")
    assert found.requests[0].trace_missing == "namespace observability has no Service jaeger"
    assert len(source.asked) == 2


@pytest.mark.parametrize("error", [BackendError("Jaeger refuses: no [500]"), ValueError("odd\nanswer"), SystemError()])
def test_a_failing_source_is_left_alone_after_some_tries(error):
    source = Sources(error=error)
    found = looked_up([old(status=500)], source)
    assert len(source.asked) == 2 * evidence_asking.TRIES
    assert found.sources["traces"].state == found.sources["logs"].state == "failed"
    assert found.requests[0].trace_missing == found.sources["traces"].reason
    assert "\n" not in found.sources["traces"].reason


def test_a_source_that_fails_for_a_moment_is_asked_again():
    class Restarting(Sources):
        def trace(self, trace_id):
            if not self.asked:
                self.asked.append("nothing")
                raise BackendError("Jaeger does not answer: connection refused")
            return super().trace(trace_id)

    one = old(status=500)
    source = Restarting([one.trace_id])
    found = gather(record_of([one]), Telemetry(traces=source), dict, 10.0)
    assert found.sources["traces"] == Source("Jaeger", "asked", "")


def test_nobody_waits_for_a_source_that_hangs():
    over = threading.Event()

    class Hanging(Sources):
        def trace(self, trace_id):
            over.wait()

        def version(self):
            over.wait()

    source = Hanging()
    found = gather(record_of([old(status=500)]), Telemetry(source, source, source), lambda: over.wait() and {}, 0.1)
    over.set()
    for kind in ("metrics", "traces", "logs"):
        assert found.sources[kind] == Source("Jaeger", "failed", "Jaeger did not answer in time")
    assert found.requests[0].trace_missing == "Jaeger did not answer in time"
    assert found.versions == {"prometheus": "unknown"}


def test_versions_and_metrics_are_asked_as_well():
    class Prometheus:
        name = "Prometheus"

        def version(self):
            return "3.5.0"

    found = gather(record_of([old()]), Telemetry(metrics=Prometheus()), lambda: {"kubernetes": "v1.36.2"}, 10.0)
    assert found.versions == {"prometheus": "3.5.0", "kubernetes": "v1.36.2"}
    assert found.sources["metrics"].state == "asked"


# What is written


def evidence_json(trace=None, lines=()):
    record = record_of([sample(100.0, status=500)])
    found = dataclasses.replace(worth_a_look(record)[0][0], trace=trace, lines=lines)
    budget = {"window_days": 30, "seconds": 1.0, "services": []}
    sources = {kind: Source("X", "asked") for kind in ("metrics", "traces", "logs", "annotations")}
    written = evidence_report.as_json(record, Evidence(sources, [found], 3), budget)
    assert fits(written, "evidence")
    assert written["left_out"] == 3
    return written["requests"][0]


def test_times_of_spans_count_from_the_first():
    written = evidence_json(Trace((span(), span("b", parent_id="a", start=5.125))))
    first, second = written["trace"]["spans"]
    assert (first["start_ms"], first["duration_ms"], second["start_ms"], second["parent_id"]) == (
        0.0,
        250.0,
        125.0,
        "a",
    )


def test_a_line_is_read_by_its_ecs_names():
    fields = {
        "log.level": "error",
        "message": "m",
        "service.name": "order",
        "kubernetes.pod.name": "p",
        "url.path": "/",
    }
    [line] = evidence_json(lines=(Line("t", "2026-01-01T00:00:00Z", fields),))["logs"]
    assert (line["level"], line["message"], line["service"], line["pod"], line["version"]) == (
        "error",
        "m",
        "order",
        "p",
        "",
    )
    assert line["fields"] == {"url.path": "/"}


def test_what_makes_no_sense_is_left_out_and_said():
    written = evidence_json(Trace((span(duration=-1.0),)), (Line("t", "", {}), Line("t", "yesterday", {})))
    assert (written["trace"], written["trace_missing"]) == (None, evidence_report.NONSENSE)
    assert (written["logs"], written["logs_missing"]) == ([], evidence_report.NONSENSE)
