"""Telemetry explains a drill and never harms it: what it knows of failed requests, and drills with it stopped."""

import contextlib
import dataclasses
import json
import signal

import psutil
import pytest

from cluster.client import Cluster
from cluster.grafana import Grafana
from delivery.rollout import Rollout

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def report(tmp_path):
    """Return the report that a drill has left."""
    return lambda name: json.loads((tmp_path / name / "report.json").read_text())


@pytest.fixture
def process_of(drill_cluster):
    """Return the running process of one of the cluster's daemons."""

    def find(*words):
        state = str(drill_cluster.state)
        for process in psutil.process_iter(["cmdline"]):
            line = " ".join(process.info["cmdline"] or ())
            if state in line and all(word in line for word in words):
                return process
        raise AssertionError(f"no process of {words} runs")

    return find


@contextlib.contextmanager
def stopped(process):
    """Let a process accept connections and never answer."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


@pytest.fixture
def when_shifted(drill_cluster):
    """Return the system with something done as soon as the first users meet the canary."""

    def make(do, **parts):
        cluster = Cluster.connect(drill_cluster.kubeconfig)

        class Shifting(Rollout):
            shifted = False

            def shift(self, canary):
                super().shift(canary)
                if not self.shifted:
                    self.shifted = True
                    do()

        return dataclasses.replace(
            drill_cluster.system(), rollout=lambda service, strategy: Shifting(cluster, service, strategy, **parts)
        )

    return make


def sources(written):
    return {kind: source["state"] for kind, source in written["evidence"]["sources"].items()}


def test_every_failed_request_comes_with_its_trace_and_its_lines(perform, report):
    done = perform("canary", "errors")
    assert done.ruling.verdict == "Passed", done.ruling.reason
    written = report("canary-errors")
    assert set(sources(written).values()) == {"asked"}, written["evidence"]["sources"]
    failed = [each for each in written["evidence"]["requests"] if each["why"] == "failed"]
    assert failed
    for each in failed:
        assert each["trace"] is not None, each["trace_missing"]
        assert any(span["error"] and span["version"] == "v2" for span in each["trace"]["spans"])
        assert any(line["level"] == "error" and line["version"] == "v2" for line in each["logs"]), each["logs_missing"]
    slowest = {each["version"] for each in written["evidence"]["requests"] if each["why"] == "slowest"}
    assert slowest == {"v1", "v2"}
    [order] = [burn for burn in written["evidence"]["error_budget"]["services"] if burn["service"] == "order"]
    assert order["burn_rate"] > 0  # a handful of failed requests: how much of the budget that is, is luck
    assert {"kubernetes", "envoy", "prometheus", "revision", "image order"} <= written["versions"].keys()


def test_the_steps_of_a_drill_are_marks_in_grafana(perform, drill_cluster):
    done = perform("canary", "crash")
    began = round(done.record.started * 1000)
    kept = Grafana(Cluster.connect(drill_cluster.kubeconfig)).marks("drill:canary-crash")
    marks = [mark for mark in kept if mark["time"] >= began]
    by_step = {tag: mark for mark in marks for tag in mark["tags"] if tag.startswith("step:")}
    for step in done.record.steps:
        mark = by_step[f"step:{step.name}"]
        assert mark["time"] == round((done.record.started + step.started_s) * 1000)
        assert mark["timeEnd"] == round((done.record.started + step.finished_s) * 1000)
    [end] = [mark for mark in marks if "end" in mark["tags"]]
    assert {"verdict:Passed", "outcome:RolledBack"} <= set(end["tags"])


def test_a_silent_observatory_harms_no_release(perform, report, process_of, when_shifted):
    observatory = process_of("embedded.observatory")
    with contextlib.ExitStack() as stack:
        system = when_shifted(lambda: stack.enter_context(stopped(observatory)))
        done = perform("canary", "sound", system)
    assert (done.ruling.verdict, done.record.outcome) == ("Passed", "Promoted"), done.ruling.reason
    written = report("canary-sound")
    assert sources(written)["traces"] == sources(written)["logs"] == "failed"
    assert "marks were lost" in written["evidence"]["sources"]["annotations"]["reason"]


def test_a_killed_observatory_harms_no_release(perform, process_of, when_shifted):
    system = when_shifted(lambda: process_of("embedded.observatory").kill())
    done = perform("canary", "errors", system)
    assert (done.ruling.verdict, done.record.outcome) == ("Passed", "RolledBack"), done.ruling.reason


def test_without_prometheus_nothing_is_promoted(perform, report, process_of, when_shifted):
    prometheus = process_of("prometheus", "--config.file")
    with contextlib.ExitStack() as stack:
        system = when_shifted(lambda: stack.enter_context(stopped(prometheus)))
        done = perform("canary", "sound", system)
    record = done.record
    assert [finding.verdict for finding in record.findings] == ["Inconclusive"]
    assert (done.ruling.verdict, record.outcome) == ("Inconclusive", "RolledBack"), done.ruling.reason
    assert not any(sample.failed for sample in record.samples)
    assert sources(report("canary-sound"))["metrics"] == "failed"
