"""One step from its first scrape to its verdict, on a simulated gateway."""

import dataclasses
import json

import pytest
from tests.unit.delivery.simulation import SimulatedPrometheus, Simulation

from delivery.analysis import Analysis, Window
from delivery.judge.plain import PlainJudge
from delivery.judgement import Finding, Verdict
from delivery.slo import load_slo

SLO = load_slo("order")


def analyse(simulation, baseline=None, since=None, deadline=60.0, judge=None):
    analysis = Analysis(
        SimulatedPrometheus(simulation), judge or PlainJudge(SLO), SLO, "shop", simulation.clock, simulation.sleep
    )
    return analysis.run(Window("canary at 10 %", since, baseline, deadline))


def canary(errors=0.0, slow=0.0, rate=20, **options):
    simulation = Simulation(stable=(180, 0.0, 0.0), **options)
    simulation.traffic["canary"] = (rate, errors, slow)
    return simulation


def test_a_sound_canary_passes_once_the_floor_is_reached():
    judgement = analyse(canary())
    assert judgement.successful
    assert judgement.numbers["candidate"]["requests"] >= SLO.analysis.floor.requests
    assert judgement.numbers["seconds"] < 15


@pytest.mark.parametrize("fault", [{"errors": 0.2}, {"slow": 1.0}])
def test_a_bad_canary_fails_before_it_could_have_passed(fault):
    judgement = analyse(canary(**fault))
    assert judgement.verdict is Verdict.FAILED
    assert judgement.numbers["seconds"] < 10


def test_only_the_canary_is_blamed():
    simulation = Simulation(stable=(180, 0.2, 0.0))
    simulation.traffic["canary"] = (20, 0.0, 0.0)
    assert analyse(simulation).verdict is not Verdict.FAILED


def test_what_was_before_the_step_does_not_count():
    simulation = canary(errors=1.0)
    simulation.skip(5)
    simulation.traffic["canary"] = (20, 0.0, 0.0)
    assert analyse(simulation, since=simulation.time).successful


def test_without_a_single_request_it_is_inconclusive():
    judgement = analyse(canary(rate=0), deadline=20)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert f"0 of {SLO.analysis.floor.requests} requests" in judgement.reason


def test_without_any_data_it_is_inconclusive():
    judgement = analyse(Simulation(), deadline=20)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "no data" in judgement.reason
    assert judgement.samples == []


def test_too_few_requests_are_inconclusive_and_said_so():
    judgement = analyse(canary(rate=4), deadline=20)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "requests of the new version were seen" in judgement.reason


def test_data_that_dry_up_are_inconclusive():
    simulation = canary(rate=4)
    sleep = simulation.sleep
    started = simulation.time

    def dry_up(seconds):
        sleep(seconds)
        simulation.scraping = simulation.time < started + 6

    simulation.sleep = dry_up
    judgement = analyse(simulation, deadline=30)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "no new data for" in judgement.reason


def test_a_prometheus_that_is_away_is_inconclusive():
    simulation = canary()
    simulation.away = True
    judgement = analyse(simulation, deadline=10)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "cannot be asked" in judgement.reason


def test_a_prometheus_that_comes_back_is_asked_again():
    simulation = canary()
    simulation.away = True
    sleep, started = simulation.sleep, simulation.time

    def come_back(seconds):
        sleep(seconds)
        simulation.away = simulation.time < started + 5

    simulation.sleep = come_back
    assert analyse(simulation, since=started).successful


def test_a_gateway_that_restarts_makes_no_errors():
    simulation = canary()
    sleep, started, done = simulation.sleep, simulation.time, []

    def restart(seconds):
        sleep(seconds)
        if simulation.time > started + 3 and not done:
            done.append(simulation.restart_gateway())

    simulation.sleep = restart
    assert analyse(simulation).successful


def test_a_switch_is_judged_by_what_was_before_it():
    simulation = Simulation(stable=(200, 0.0, 0.0))
    switched = simulation.time
    simulation.traffic["stable"] = (200, 0.0, 1.0)
    judgement = analyse(simulation, baseline=SLO.analysis.baseline_seconds, since=switched)
    assert judgement.verdict is Verdict.FAILED
    assert judgement.numbers["reference"]["requests"] == 200 * SLO.analysis.baseline_seconds
    assert judgement.numbers["reference"]["slow"] == 0


def test_a_sound_switch_passes():
    simulation = Simulation(stable=(200, 0.0, 0.0))
    assert analyse(simulation, baseline=20.0, since=simulation.time).successful


def test_a_switch_without_a_past_is_inconclusive():
    simulation = Simulation()
    simulation.traffic["stable"] = (200, 0.0, 0.0)
    judgement = analyse(simulation, baseline=20.0, since=simulation.time, deadline=15)
    assert judgement.verdict is Verdict.INCONCLUSIVE


def test_the_judge_is_asked_once_a_scrape_and_no_more_often_than_it_was_told():
    seen = []

    class Patient:
        def examine(self, evidence):
            seen.append(evidence)
            return Finding(Verdict.INCONCLUSIVE, "more")

    analyse(canary(), judge=Patient(), deadline=20)
    times = [evidence.seconds for evidence in seen]
    assert times == sorted(set(times))
    assert 30 <= len(seen) <= seen[0].looks


def test_a_blind_judge_passes_anything():
    class Blind:
        def examine(self, evidence):
            return Finding(Verdict.PASSED, "blind")

    assert analyse(canary(errors=1.0), judge=Blind()).successful


def test_both_sides_come_from_one_query():
    simulation = canary()
    judgement = analyse(simulation)
    assert "release:requests:total|release:duration_seconds:bucket" in judgement.query
    assert 'namespace="shop",service="order"' in judgement.query
    assert judgement.query in simulation.queries


def test_a_judgement_can_be_written_down():
    judgement = analyse(canary(errors=0.2))
    written = json.loads(json.dumps(dataclasses.asdict(judgement)))
    assert written["verdict"] == "Failed"
    assert written["samples"][-1]["candidate"] == written["numbers"]["candidate"]
    assert written["started"] <= written["ended"]
