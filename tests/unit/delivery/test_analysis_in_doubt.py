"""Without data, with old ones, or with those of one version, nothing is passed, and nobody is left alone."""

import pytest
from tests.unit.delivery.analysing import SLO, Constant, Patient, analyse, canary
from tests.unit.delivery.simulation import SimulatedPrometheus, Simulation

from cluster.errors import PrometheusError
from delivery.counters import sources
from delivery.journal.shift import Shift
from delivery.judgement import Finding, Verdict


def test_without_any_data_it_is_inconclusive():
    judgement = analyse(Simulation(), deadline=10)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "no data" in judgement.reason
    assert judgement.samples == []


def test_without_a_request_of_the_canary_it_is_inconclusive():
    judgement = analyse(canary(rate=0), judge=Constant(Verdict.PASSED), deadline=10)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "no request of the new version" in judgement.reason


def test_without_a_request_of_the_stable_version_it_is_inconclusive():
    simulation = canary()
    simulation.traffic["stable"] = (0, 0.0, 0.0)
    judgement = analyse(simulation, judge=Constant(Verdict.PASSED), deadline=10)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "no request of the stable version" in judgement.reason


def test_proof_from_before_does_not_pass_a_weight_that_nobody_has_seen():
    simulation = canary()
    first = simulation.now() + 0.2
    simulation.skip(5)
    last = simulation.now() + 0.2
    judge = Patient()
    judge.examine = lambda evidence: (judge.shown.append(evidence), Finding(Verdict.PASSED, "made up"))[1]
    judgement = analyse(simulation, judge=judge, shifts=(Shift(first, first, 10), Shift(last, last, 50)))
    assert judgement.successful
    assert len(judge.shown) > 1


def test_data_that_dry_up_are_inconclusive_whatever_the_judge_says():
    simulation = canary(rate=4)
    simulation.at(4, lambda: setattr(simulation, "scraping", False))
    judge = Patient()
    judgement = analyse(simulation, judge=judge, deadline=20)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "no new data for" in judgement.reason


def test_old_data_pass_nobody_but_still_prove_harm():
    for verdict, expected in ((Verdict.PASSED, Verdict.INCONCLUSIVE), (Verdict.FAILED, Verdict.FAILED)):
        simulation = canary()
        shift = Shift(simulation.now() + 0.2, simulation.now() + 0.2, 10)
        simulation.skip(5)
        simulation.scraping = False
        simulation.skip(SLO.analysis.stale_seconds + 1)
        judgement = analyse(simulation, judge=Constant(verdict), shifts=(shift,), deadline=3)
        assert judgement.verdict is expected


def test_a_prometheus_that_is_away_is_inconclusive():
    simulation = canary()
    simulation.away = True
    judgement = analyse(simulation, deadline=10)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "cannot be asked" in judgement.reason


@pytest.mark.parametrize("trouble", ["away", "dry"])
def test_nobody_is_left_on_a_version_that_nobody_watches(trouble):
    simulation = canary(rate=2)
    before, blind = simulation.time, SLO.analysis.blind_seconds
    trouble = {"away": ("away", True), "dry": ("scraping", False)}[trouble]
    simulation.at(5, lambda: setattr(simulation, *trouble))
    judgement = analyse(simulation, judge=Patient(), deadline=60)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert f"nothing was seen for {blind:.0f} s" in judgement.reason
    assert blind < simulation.time - before < blind + 8


def test_an_undecided_judge_that_sees_has_the_whole_deadline():
    simulation = canary(rate=2)
    before = simulation.time
    analyse(simulation, judge=Patient(), deadline=40)
    assert simulation.time - before >= 40


def test_a_prometheus_that_comes_back_is_asked_for_all_that_was_missed():
    simulation = canary()
    simulation.away = True
    simulation.at(5, lambda: setattr(simulation, "away", False))
    judge = Patient()
    analyse(simulation, judge=judge, deadline=8)
    first = judge.shown[0]
    assert sum(block.candidate.requests for block in first.blocks) >= 80
    assert first.baseline.requests > 5000


@pytest.mark.parametrize(("by", "way"), [(3600, "forward"), (-60, "back")])
def test_a_clock_that_is_set_is_inconclusive(by, way):
    simulation = canary()
    simulation.at(2, lambda: setattr(simulation, "set_by", by))
    judge = Patient()
    judgement = analyse(simulation, judge=judge, deadline=20)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert f"clock was set {way} by {abs(by)} s" in judgement.reason


def test_requests_that_reach_no_pod_are_not_waited_for():
    simulation = canary(rate=0)
    simulation.traffic = {}
    lost = {"destination_service_name": "order", "destination_service_namespace": "shop", "reporter": "source"}
    lost |= {"source_workload": sources.GATEWAY, "instance": "g1", "job": "gateway", "__name__": sources.ISTIO_REQUESTS}
    stable = tuple({**lost, "destination_workload": "order", "response_code": "200"}.items())
    nobody = tuple({**lost, "destination_workload": "unknown", "response_code": "503"}.items())
    simulation.points.clear()
    simulation.values = {("g1", stable): 100, ("g1", nobody): 0}
    simulation.at(2, lambda: simulation.values.update({("g1", stable): 200, ("g1", nobody): 9}))
    simulation.skip(1)
    judgement = analyse(simulation, deadline=60)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "reached no pod" in judgement.reason
    assert judgement.ended - judgement.started < 60
    assert simulation.time < 1060


def test_answers_that_make_no_sense_are_inconclusive(monkeypatch):
    simulation = canary()

    def nonsense(self, query):
        raise PrometheusError("Prometheus answers nonsense")

    monkeypatch.setattr(SimulatedPrometheus, "points", nonsense)
    judgement = analyse(simulation, deadline=5)
    assert (judgement.verdict, judgement.reason) == (Verdict.INCONCLUSIVE, "hold: Prometheus answers nonsense")


def test_a_histogram_without_the_threshold_is_inconclusive():
    simulation = canary()
    for key in [key for key in simulation.values if ("le", "250") in key[1]]:
        del simulation.values[key]
    simulation.points.clear()
    count = simulation._count
    simulation._count = lambda *args, **labels: None if labels.get("le") == "250" else count(*args, **labels)
    simulation.skip(10)
    judgement = analyse(simulation, deadline=10)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "no bound at 0.25 s" in judgement.reason
