"""Trouble in the world around a release: the drills pass, and each fails when the safety that it tests is taken away.

These are the shortest of them; `make chaos` runs all.
"""

import dataclasses
from functools import partial

import pytest

from cluster.client import Cluster
from delivery import capacity
from delivery.judgement import Finding, Verdict
from delivery.rollout import Rollout
from delivery.slo import load_slo
from drills.chaos.world import World

pytestmark = pytest.mark.timeout(400)


class Credulous(Rollout):
    """A release that takes no news for good news."""

    def analysis(self, deadline=None):
        found = super().analysis(deadline)
        unknown = found.verdict is Verdict.INCONCLUSIVE
        return dataclasses.replace(found, verdict=Verdict.PASSED) if unknown else found


class Blind:
    """A judge that passes whatever it is shown: for drills about something else than the verdict."""

    def examine(self, evidence):
        return Finding(Verdict.PASSED, "nothing to be seen")

    def smoke(self, answers, version):
        return Finding(Verdict.PASSED, "nothing to be seen")


@pytest.fixture
def with_world(drill_cluster):
    """Return the system with another way of making rollouts in a world that breaks."""

    def make(kind=Rollout, **parts):
        cluster = Cluster.connect(drill_cluster.kubeconfig)
        return dataclasses.replace(
            drill_cluster.system(), world=lambda record: World(cluster, record, partial(kind, **parts))
        )

    return make


@pytest.fixture
def objectives():
    """Those of the service, for a machine that is busy: proof may take long, and patience without data is short."""
    slo = load_slo("order")
    return slo.model_copy(
        update={"analysis": slo.analysis.model_copy(update={"deadline_seconds": 300.0, "blind_seconds": 4.0})}
    )


def troubles(record):
    return [step.detail for step in record.steps if step.name == "trouble"]


def test_without_prometheus_a_sound_release_goes_back_and_hurts_nobody(perform, with_world, objectives):
    done = perform("prometheus-gone", "sound", with_world(slo=objectives))
    assert (done.ruling.verdict, done.record.outcome) == ("Passed", "RolledBack"), done.ruling.reason
    assert done.record.findings[-1].verdict == "Inconclusive"
    assert "Prometheus" in done.record.findings[-1].reason
    assert troubles(done.record) == ["Prometheus was gone"]


def test_a_release_that_takes_no_data_for_success_fails_the_drill(perform, with_world, objectives):
    done = perform("prometheus-gone", "sound", with_world(Credulous, slo=objectives))
    assert (done.ruling.verdict, done.record.outcome) == ("Failed", "Promoted"), done.ruling.reason


def test_users_for_whom_an_autoscaler_wanted_more_pods_find_them_on_either_version(perform, with_world, objectives):
    done = perform("hpa-scaling", "sound", with_world(judge=Blind(), slo=objectives))
    assert (done.ruling.verdict, done.record.outcome) == ("Passed", "Promoted"), done.ruling.reason


def test_a_release_that_lets_versions_differ_in_pods_fails_the_drill(perform, with_world, objectives, monkeypatch):
    monkeypatch.setattr(capacity, "fit", lambda *_args: False)
    done = perform("hpa-scaling", "sound", with_world(judge=Blind(), slo=objectives))
    assert (done.ruling.verdict, done.record.outcome) == ("Failed", "Promoted"), done.ruling.reason
    assert "2 pods where 4 were wanted" in done.ruling.reason


def test_a_way_back_that_looks_first_spares_users_a_version_that_is_lost(perform):
    done = perform("old-colour-lost", "errors")
    assert (done.ruling.verdict, done.record.outcome) == ("Passed", "RolledBack"), done.ruling.reason


def test_a_way_back_to_where_nobody_is_fails_the_drill(perform, monkeypatch):
    monkeypatch.setattr(capacity, "await_somebody", lambda *_args: None)
    done = perform("old-colour-lost", "errors")
    assert (done.ruling.verdict, done.record.outcome) == ("Failed", "RolledBack"), done.ruling.reason
    assert "users were sent to where no pod was" in done.ruling.reason
