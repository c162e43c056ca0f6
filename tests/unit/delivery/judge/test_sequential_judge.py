"""The judge as a function of evidence: three answers, what each rests on, and what it may never do."""

import dataclasses
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.delivery.judge.worlds import BASELINE, FIRST, LAST, World, block, evidence, side

from delivery.judge.evidence import Demand
from delivery.judge.sequential import SequentialJudge
from delivery.judgement import Verdict
from delivery.slo import load_slo

JUDGE = SequentialJudge(load_slo("order"))
untimed = settings(deadline=None, max_examples=25)

sides = st.integers(0, 400).flatmap(
    lambda n: st.builds(side, st.just(n), st.integers(0, n), st.integers(0, n), st.booleans())
)
many = st.lists(st.builds(block, sides, sides), max_size=5)


def examine(*blocks, demand=LAST, baseline=BASELINE):
    return JUDGE.examine(evidence(blocks, demand, baseline))


@untimed
@given(many, st.sampled_from([FIRST, LAST]))
def test_it_answers_whatever_it_is_shown_in_one_line_and_in_json(blocks, demand):
    finding = examine(*blocks, demand=demand)
    assert finding.verdict in Verdict
    assert finding.reason
    assert "\n" not in finding.reason
    json.dumps(finding.numbers, allow_nan=False)


def test_a_new_version_that_fails_everything_is_found_in_one_scrape():
    finding = examine(block(side(4, 4), side(196)))
    assert finding.verdict is Verdict.FAILED
    assert finding.reason.startswith(
        "harm: 4 of 4 requests of the new version failed, 0 of 196 of the stable one; chance alone would do that at"
    )
    assert finding.numbers["harm"]["errors"] > 200


def test_errors_and_times_have_half_of_alpha_each():
    # Two failures of two, beside ever more requests of the stable version that did not fail.
    findings = [examine(block(side(2, 2), side(old))) for old in range(30, 70, 10)]
    assert [round(finding.numbers["harm"]["errors"]) for finding in findings] == [127, 199, 283, 378]
    assert [finding.verdict for finding in findings] == [Verdict.INCONCLUSIVE] * 2 + [Verdict.FAILED] * 2


def test_a_step_passes_exactly_when_the_weakest_proof_stands_at_one_over_beta():
    demand = dataclasses.replace(FIRST, errors=0.1)
    blocks = [block(side(4), side(196), number) for number in range(20)]
    findings = [examine(*blocks[:count], demand=demand) for count in range(1, 21)]
    proofs = [min(finding.numbers["proof"].values()) for finding in findings]
    assert [finding.verdict is Verdict.PASSED for finding in findings] == [proof >= 20 for proof in proofs]
    assert any(10 < proof < 20 for proof in proofs)
    assert any(20 <= proof < 40 for proof in proofs)


def test_one_failure_is_bad_luck():
    assert examine(block(side(4, 1), side(196))).verdict is Verdict.INCONCLUSIVE


def test_a_slower_new_version_is_found_and_said_to_be_slower():
    finding = JUDGE.examine(evidence(World(1, weight=25, slower=0.5).blocks(20)))
    assert finding.verdict is Verdict.FAILED
    assert "requests of the new version took over" in finding.reason
    assert finding.numbers["harm"]["errors"] < 200 <= finding.numbers["harm"]["latency"]


def test_a_sound_version_is_passed_with_what_is_proved():
    finding = JUDGE.examine(evidence(World(2, weight=50).blocks(40)))
    assert finding.verdict is Verdict.PASSED
    assert "at most 0.5 points more fail, at most 5 points more take over 250 ms" in finding.reason
    assert "at most 1 point more take over 80 ms" in finding.reason
    assert min(finding.numbers["proof"].values()) >= 20
    assert finding.numbers["candidate"]["requests"] > 3000


def test_an_early_step_passes_on_a_handful_and_the_last_one_does_not():
    blocks = [block(side(4), side(196), number) for number in range(3)]
    assert examine(*blocks, demand=FIRST).verdict is Verdict.PASSED
    finding = examine(*blocks, demand=LAST)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.reason.startswith("hold: not yet proved that at most")
    assert "20 to 1 are needed" in finding.reason


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Demand)])
def test_each_margin_has_to_be_proved(name):
    blocks = [block(side(4), side(196), number) for number in range(3)]
    strict = dataclasses.replace(FIRST, **{name: 0.001})
    finding = examine(*blocks, demand=strict)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "at most 0.1 points more" in finding.reason


@pytest.mark.parametrize(
    ("blocks", "missing"),
    [
        ([], "no requests of the new version"),
        ([block(side(0), side(500))] * 50, "no requests of the new version"),
        ([block(side(500), side(0))] * 50, "no requests of the stable version"),
        ([block(side(50, timed=False), side(450))] * 90, "no times of the new version"),
        ([block(side(50), side(450, timed=False))] * 90, "no times of the stable version"),
    ],
)
@pytest.mark.parametrize("demand", [FIRST, LAST, Demand(9.0, 9.0, 9.0, 9.0)])
def test_no_data_is_never_an_answer(blocks, missing, demand):
    finding = examine(*blocks, demand=demand)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.reason == f"hold: {missing} were seen"


def test_errors_are_evidence_also_while_no_time_is_known():
    assert examine(block(side(6, 6, timed=False), side(194, timed=False))).verdict is Verdict.FAILED


@untimed
@given(many)
def test_two_versions_cannot_both_be_the_worse_one_at_first_sight(blocks):
    for each in blocks:
        there, back = (
            examine(each),
            examine(dataclasses.replace(each, candidate=each.reference, reference=each.candidate)),
        )
        errors = [found.numbers["harm_now"]["errors"] for found in (there, back)]
        assert min(errors) <= 1.0


@untimed
@given(st.integers(1, 40), st.integers(0, 5), st.integers(1, 300), st.integers(0, 5))
def test_more_errors_never_turn_an_answer_for_the_better(new, errors, old, old_errors):
    order = [Verdict.FAILED, Verdict.INCONCLUSIVE, Verdict.PASSED]
    seen = [
        order.index(examine(block(side(new, bad), side(old, min(old_errors, old))), demand=FIRST).verdict)
        for bad in range(min(errors, new), new + 1)
    ]
    assert seen == sorted(seen, reverse=True)


def test_a_threshold_that_is_no_bound_is_said():
    bounds = (*BASELINE.bounds[:-1], 0.3)
    finding = examine(block(side(4), side(196)), baseline=dataclasses.replace(BASELINE, bounds=bounds))
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "no bound at 0.25 s" in finding.reason


def test_a_judge_remembers_nothing():
    blocks = World(5, weight=25, new=0.05).blocks(12)
    fresh = SequentialJudge(load_slo("order")).examine(evidence(blocks))
    for count in range(len(blocks)):
        JUDGE.examine(evidence(blocks[:count]))
    assert JUDGE.examine(evidence(blocks)) == fresh


def test_where_slower_is_tolerated_the_sentences_say_what_was_compared():
    allowed = tuple(min(bound * 1.2, 0.25) for bound in BASELINE.bounds)
    tolerant = dataclasses.replace(BASELINE, allowed=allowed)
    finding = JUDGE.examine(evidence(World(1, weight=25, slower=0.9).blocks(20), baseline=tolerant))
    assert finding.verdict is Verdict.FAILED
    assert "requests of the new version took over 24 ms" in finding.reason
    assert "of the stable one took over 20 ms" in finding.reason
    passed = JUDGE.examine(evidence(World(2, weight=50).blocks(40), baseline=tolerant))
    assert "at most 5 points more take over 24 ms than of the stable one take over 20 ms" in passed.reason
