"""Events: each problem once per generation, and what mends itself in a moment not at all."""

from __future__ import annotations

from typing import Any

from tests.unit.mesh.mesh_lab import service

from embedded.apiserver.resources import EVENTS, SERVICES
from embedded.apiserver.store import Store
from embedded.events import EventRecorder
from embedded.mesh.problems import INVALID, UNKNOWN_REFERENCE, Problems
from embedded.mesh.reporter import GRACE, Reporter


class Bench:
    """A reporter with a clock that the test turns."""

    def __init__(self) -> None:
        self.store = Store()
        self.now = 0.0
        self.reporter = Reporter(EventRecorder(self.store, "mesh"), lambda: self.now)
        self.about = self.store.create(SERVICES, service("order"))

    def report(self, *found: tuple[str, str]) -> bool:
        problems = Problems()
        for reason, message in found:
            problems.add(self.about, reason, message)
        return self.reporter.report(problems)

    def events(self) -> list[tuple[str, int]]:
        found: list[dict[str, Any]] = self.store.list(EVENTS)
        return [(event["reason"], event["count"]) for event in found]


def test_a_problem_is_written_once_and_again_for_a_new_generation() -> None:
    bench = Bench()
    for _ in range(3):
        assert not bench.report((INVALID, "spec: wrong"))
    assert bench.events() == [(INVALID, 1)]
    bench.about["metadata"]["generation"] += 1
    bench.report((INVALID, "spec: wrong"))
    assert bench.events() == [(INVALID, 2)]


def test_a_reference_that_is_missing_for_a_moment_is_no_problem() -> None:
    bench = Bench()
    assert bench.report((UNKNOWN_REFERENCE, "no Service"))
    bench.now += GRACE / 2
    assert not bench.report()
    bench.now += GRACE
    assert bench.report((UNKNOWN_REFERENCE, "no Service")), "the grace begins anew"
    assert bench.events() == []
    bench.now += GRACE
    assert not bench.report((UNKNOWN_REFERENCE, "no Service"))
    assert bench.events() == [(UNKNOWN_REFERENCE, 1)]
