"""One step from its first scrape to its verdict, on simulated gateways."""

import dataclasses
import json

import pytest
from tests.unit.delivery.analysing import Constant, analyse, canary, switched
from tests.unit.delivery.simulation import Simulation

from delivery.journal.shift import Shift
from delivery.judgement import Verdict


def test_a_sound_canary_passes_once_it_is_proved():
    judgement = analyse(canary())
    assert judgement.successful, judgement.reason
    assert judgement.numbers["candidate"]["errors"] == 0


@pytest.mark.parametrize("fault", [{"errors": 0.2}, {"slow": 1.0}])
def test_a_bad_canary_fails(fault):
    judgement = analyse(canary(**fault))
    assert judgement.verdict is Verdict.FAILED
    assert judgement.numbers["seconds"] < 10


def test_a_canary_that_fails_every_request_fails_with_the_second_scrape_at_the_latest():
    simulation = canary(errors=1.0, rate=4)
    judgement = analyse(simulation, weight=2)
    assert judgement.verdict is Verdict.FAILED
    assert judgement.numbers["candidate"]["requests"] <= 4


def test_only_the_canary_is_blamed():
    simulation = canary()
    simulation.traffic["stable"] = (180, 0.2, 0.0)
    assert analyse(simulation).verdict is not Verdict.FAILED


def test_what_the_release_asked_itself_does_not_count():
    simulation = Simulation(stable=(180, 0.0, 0.0))
    simulation.traffic["canary"] = (20, 1.0, 0.0)
    simulation.skip(0.5)
    simulation.traffic["canary"] = (20, 0.0, 0.0)
    shift = Shift(simulation.now() - 0.2, simulation.now() - 0.1, 10)
    judgement = analyse(simulation, shifts=(shift,), probed=simulation.now() - 0.3)
    assert judgement.successful, judgement.reason


def test_a_switch_is_judged_by_what_was_before_it():
    simulation = switched(slow=1.0)
    judgement = analyse(simulation, weight=100, at_once=True, steady=simulation.now() - 20)
    assert judgement.verdict is Verdict.FAILED
    assert judgement.numbers["reference"]["slow"] == 0


def test_a_sound_switch_passes():
    simulation = switched()
    judgement = analyse(simulation, weight=100, at_once=True, steady=simulation.now() - 20)
    assert judgement.successful, judgement.reason


def test_a_switch_without_a_past_is_inconclusive():
    simulation = switched()
    judgement = analyse(simulation, weight=100, at_once=True, steady=simulation.now(), deadline=15)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "nothing is left of the time before the switch" in judgement.reason


def test_a_blind_judge_passes_anything():
    assert analyse(canary(errors=1.0), judge=Constant(Verdict.PASSED)).successful


def test_a_judgement_can_be_written_down_with_the_evidence_over_time():
    judgement = analyse(canary(errors=0.2))
    written = json.loads(json.dumps(dataclasses.asdict(judgement)))
    assert written["verdict"] == "Failed"
    assert written["samples"][-1]["candidate"] == written["numbers"]["candidate"]
    assert written["samples"][-1]["harm"] == written["numbers"]["harm"]
    assert [sample["time"] for sample in written["samples"]] == sorted(sample["time"] for sample in written["samples"])
    assert written["started"] <= written["ended"]


def test_what_a_version_before_failed_is_no_burst_of_the_stable_one():
    """A bad release had all users for three seconds; the one that is judged now begins half a minute later."""
    simulation = Simulation(stable=(200, 0.0, 0.0))
    simulation.traffic = {"stable": (200, 0.3, 0.0)}
    simulation.skip(3)
    simulation.traffic = {"stable": (200, 0.0, 0.0)}
    steady = simulation.now()
    simulation.skip(30)
    simulation.traffic = {"stable": (180, 0.0, 0.0), "canary": (20, 0.3, 0.0)}
    assert analyse(simulation).numbers["dispersion"] > 5
    judgement = analyse(simulation, steady=steady)
    assert (judgement.verdict, judgement.numbers["dispersion"]) == (Verdict.FAILED, 1.0)
