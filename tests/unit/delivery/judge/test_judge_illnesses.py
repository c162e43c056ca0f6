"""Illnesses that are not, or not only, the new version's: the old one sick, both sick, bursts, rare hangs."""

import dataclasses
import math

import pytest
from tests.unit.delivery.judge.worlds import BASELINE, World, block, evidence, side

from delivery.judge.sequential import SequentialJudge
from delivery.judgement import Verdict
from delivery.slo import load_slo

JUDGE = SequentialJudge(load_slo("order"))


def examine(*blocks, baseline=BASELINE):
    return JUDGE.examine(evidence(blocks, baseline=baseline))


def test_the_old_version_sick_is_no_reason_to_go_back_to_it():
    finding = JUDGE.examine(evidence(World(3, weight=50, old=0.2).blocks(40)))
    assert finding.verdict is Verdict.PASSED
    assert "the stable version is the worse one" in finding.reason
    first = JUDGE.examine(evidence(World(4, weight=2, old=1.0).blocks(1)))
    assert first.verdict is Verdict.INCONCLUSIVE


def test_an_outage_of_both_is_not_the_new_versions_fault():
    for seed in range(20):
        blocks = World(seed, new=0.0, old=0.0).blocks(5)
        outage = World(seed, new=0.6, old=0.6).blocks(5)
        assert JUDGE.examine(evidence([*blocks, *outage])).verdict is not Verdict.FAILED


def test_harm_that_was_proved_once_is_not_forgiven():
    found = block(side(5, 5), side(195))
    good = [block(side(100), side(100, 20), number) for number in range(1, 60)]
    finding = examine(found, *good)
    assert finding.numbers["harm_now"]["errors"] < 200
    assert finding.verdict is Verdict.FAILED


def test_bursts_of_the_baseline_take_the_edge_off():
    blocks = [block(side(20, 6), side(180, 1))]
    assert examine(*blocks).verdict is Verdict.FAILED
    bursty = dataclasses.replace(BASELINE, dispersion=31.0)
    finding = examine(*blocks, baseline=bursty)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.numbers["dispersion"] == 31.0
    assert examine(*[block(side(20, 20), side(180, 2), number) for number in range(4)], baseline=bursty).verdict is (
        Verdict.FAILED
    )


def test_a_rare_but_long_hang_is_found():
    blocks = [block(side(50, slow=1), side(150), number) for number in range(12)]
    assert examine(*blocks).verdict is Verdict.FAILED


def test_bursts_of_the_baseline_ask_for_more_proof_of_errors_and_of_nothing_else():
    blocks = [block(side(100), side(100), number, weight=50) for number in range(10)]
    steady, bursty = (
        examine(*blocks, baseline=dataclasses.replace(BASELINE, dispersion=dispersion)).numbers["proof"]
        for dispersion in (1.0, 5.0)
    )
    assert math.log(steady.pop("errors")) == pytest.approx(3 * math.log(bursty.pop("errors")), rel=1e-2)
    assert steady == bursty


def failing_at_once(side):
    """Return the side with its failures among its fastest answers, as where a pod is broken, and not in all classes."""
    kept = [round(count * (1 - side.errors / side.requests)) for count in side.timed]
    return dataclasses.replace(side, timed=(kept[0] + side.errors, *kept[1:]))


@pytest.mark.parametrize("seed", range(10))
def test_an_old_version_that_fails_at_once_does_not_make_the_new_one_look_slow(seed):
    world = World(seed, old=0.2)
    sick = [dataclasses.replace(each, reference=failing_at_once(each.reference)) for each in world.blocks(60)]
    assert JUDGE.examine(evidence(sick)).verdict is not Verdict.FAILED


def test_harm_of_another_time_is_told_as_such():
    """The new version is the slower one for a while, and later the stable one alone: the totals say the contrary."""
    then = [block(side(40, slow=20), side(160, slow=0), number) for number in range(3)]
    later = [block(side(0, timed=False), side(400, slow=390), number) for number in range(3, 10)]
    said = JUDGE.examine(evidence(then + later)).reason
    assert "scrape by scrape the new version was the worse one, though in all" in said
