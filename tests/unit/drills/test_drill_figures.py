"""Figures beside the verdict: latency, error budget, versions, and the run before."""

import json

import pytest
from tests.unit.drills.fakes import sample

from delivery.errors import DeliveryError
from delivery.slo import load_slo
from drills import history, report, versions
from drills.evidence_budget import error_budget
from drills.latency import by_version, percentiles
from drills.record import Record
from drills.twins import TWINS
from drills.verdict import Limits, Ruling

LIMITS = Limits(250)


# Latency


def test_percentiles_are_latencies_that_somebody_had():
    samples = [sample(latency=float(ms)) for ms in range(1, 101)]
    assert percentiles(samples[::-1]) == {"p50_ms": 50.0, "p95_ms": 95.0, "p99_ms": 99.0}
    assert percentiles(samples[:1]) == {"p50_ms": 1.0, "p95_ms": 1.0, "p99_ms": 1.0}


def test_requests_without_an_answer_have_no_latency():
    assert percentiles([sample(version=None, status=None)]) == {}


def test_latency_is_by_version_of_the_service_under_release():
    samples = [sample(latency=1.0), sample(version="v2", latency=2.0), sample(service="user", version="v7")]
    assert {version: each["p50_ms"] for version, each in by_version(samples, "order").items()} == {"v1": 1.0, "v2": 2.0}


# Error budget


def test_the_burn_is_the_failed_share_over_the_share_that_may_fail():
    samples = [
        sample(status=500 if number < 2 else 200, latency=251.0 if number > 996 else 1.0) for number in range(1000)
    ]
    budget = error_budget([*samples, sample(service="user")], 200.2, load_slo)
    order, user = budget["services"]
    assert (order["requests"], order["failed"], order["slow"], order["objective"]) == (1000, 2, 3, 0.999)
    assert order["failed_share"] == 0.002
    assert order["burn_rate"] == 2.0
    assert order["budget_share"] == pytest.approx(2.0 * 5 / (30 * 86400), rel=1e-3)
    assert (user["service"], user["burn_rate"], user["budget_share"]) == ("user", 0.0, 0.0)
    assert (budget["window_days"], budget["seconds"]) == (30, 5.0)


def test_no_answer_is_a_failure_and_not_a_slow_one():
    [only] = error_budget([sample(version=None, status=None, latency=3000.0)], 200, load_slo)["services"]
    assert (only["failed"], only["slow"]) == (1, 0)


def test_a_service_without_objectives_has_no_budget():
    def none(service):
        raise DeliveryError(f"service {service} has no objectives")

    assert error_budget([sample()], 200, none)["services"] == []
    assert error_budget([], 200, load_slo)["services"] == []


# The run before


@pytest.fixture
def run(tmp_path):
    """Report a run as a campaign does, and return the report."""

    def reported(verdict="Passed", drill="canary", cluster="embedded", started=1000.0):
        record = Record(drill, TWINS["errors"], "order", cluster, "h", "v2", 200, started=started, stable="v1")
        record.samples = [sample(started + 1, latency=started), sample(started + 2, "v2", 500)]
        which = {"drill": drill, "twin": "errors", "service": "order", "cluster": cluster}
        background = report.Background(previous=history.previous(which, tmp_path))
        report.clear(record.name, tmp_path)
        written = report.write(record, Ruling(verdict, "r"), LIMITS, tmp_path, background)
        history.remember(written, percentiles(record.samples), tmp_path)
        return written

    return reported


def test_the_previous_run_is_the_last_of_the_same_drill_on_the_same_cluster(run):
    assert run()["previous"] is None
    run(drill="blue-green", started=1100.0)
    run(cluster="kind", started=1200.0)
    run(verdict="Failed", started=1300.0)
    previous = run(started=1400.0)["previous"]
    assert (previous["verdict"], previous["requests"], previous["failed"]) == ("Failed", 2, 1)
    assert previous["latency"]["v1"]["p95_ms"] == previous["p95_ms"] == 1300.0
    assert previous["started_at"].startswith("1970-01-01T00:21:40")


def test_a_run_that_could_not_be_carried_out_is_no_measure(run):
    run(started=1000.0)
    run(verdict="Error", started=1100.0)
    assert run(started=1200.0)["previous"]["started_at"].startswith("1970-01-01T00:16:40")


def test_lines_that_make_no_sense_are_passed_over(run, tmp_path):
    run()
    whole = (tmp_path / history.HISTORY).read_text()
    strange = json.loads(whole)
    strange["figures"]["requests"] = "many"
    with (tmp_path / history.HISTORY).open("a") as file:
        file.write(f"{json.dumps(strange)}\n[]\n{whole[:50]}\n")
    assert run()["previous"]["requests"] == 2


def test_the_history_does_not_grow_for_ever(run, tmp_path, monkeypatch):
    monkeypatch.setattr(history, "RUNS", 3)
    for number in range(8):
        run(started=1000.0 + number)
    lines = (tmp_path / history.HISTORY).read_text().splitlines()
    assert len(lines) < 6
    assert json.loads(lines[-1])["figures"]["p95_ms"] == 1007.0


# Versions


class Cluster:
    def __init__(self, deployments=(), annotations=None, version=None):
        self.deployments, self.annotations, self.version = deployments, annotations, version

    def request(self, method, path):
        return self.version or {"gitVersion": "v1.36.2"}

    def collection(self, root, plural, namespace):
        return self

    def list(self, labels):
        return [{"spec": {"template": {"spec": {"containers": [{"image": image}]}}}} for image in self.deployments]

    def get(self, name):
        return {"metadata": {"annotations": self.annotations}}


def workload(name, image, kind="Deployment"):
    containers = [{"name": name, "image": image}]
    return {"kind": kind, "metadata": {"name": name}, "spec": {"template": {"spec": {"containers": containers}}}}


def test_versions_of_a_cluster_with_istio():
    told = versions.versions(Cluster(["registry.example.com:5000/istio/pilot:1.32.0"]), [workload("order", "order:v1")])
    assert (told["kubernetes"], told["istio"], told["image order"]) == ("v1.36.2", "1.32.0", "order:v1")
    assert "envoy" not in told
    assert told["python"].startswith("3.")


def test_versions_of_a_cluster_with_a_proxy_only():
    told = versions.versions(Cluster(annotations={versions.ENVOY: "1.40.0"}, version={"odd": 1}), [])
    assert (told["envoy"], told["kubernetes"]) == ("1.40.0", "unknown")
    assert "istio" not in told


def test_without_git_the_revision_is_unknown(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert versions.revision() == "unknown"
