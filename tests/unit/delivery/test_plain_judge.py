"""The judge as a function of counts: what it may never do, whatever the counts are."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery.counters.ledger import Counts, Evidence
from delivery.judge.plain import PlainJudge
from delivery.judgement import Verdict
from delivery.slo import load_slo
from delivery.smoke import Answer

SLO = load_slo("order")
JUDGE = PlainJudge(SLO)
FLOOR = SLO.analysis.floor
LOOKS = 241
untimed = settings(deadline=None, max_examples=50)


def counts(requests, errors=0, slow=0):
    return Counts(requests, errors, requests, slow)


def verdict(new: Counts, old: Counts, seconds: float = 60.0) -> Verdict:
    return JUDGE.examine(Evidence(new, old, seconds, LOOKS)).verdict


sides = st.integers(0, 3000).flatmap(
    lambda n: st.builds(lambda e, s: counts(n, e, s), st.integers(0, n), st.integers(0, n))
)


failing = st.integers(0, 3000).flatmap(lambda n: st.builds(lambda e: counts(n, e), st.integers(0, n)))


@untimed
@given(sides, sides, st.floats(0, 120))
def test_it_answers_whatever_it_is_shown(new, old, seconds):
    finding = JUDGE.examine(Evidence(new, old, seconds, LOOKS))
    assert finding.verdict in Verdict
    assert finding.reason
    assert "\n" not in finding.reason


@untimed
@given(sides, sides)
def test_more_errors_never_turn_failed_to_passed(new, old):
    worse = [counts(new.requests, errors, new.slow) for errors in range(new.errors, new.requests + 1, 37)]
    seen = [verdict(each, old) for each in worse]
    first = seen.index(Verdict.FAILED) if Verdict.FAILED in seen else len(seen)
    assert Verdict.PASSED not in seen[first:]
    inconclusive = next((n for n, each in enumerate(seen) if each is not Verdict.PASSED), len(seen))
    assert Verdict.PASSED not in seen[inconclusive:]


@untimed
@given(sides, sides)
def test_more_slow_requests_never_turn_failed_to_passed(new, old):
    seen = [verdict(counts(new.requests, new.errors, slow), old) for slow in range(new.slow, new.requests + 1, 37)]
    first = next((n for n, each in enumerate(seen) if each is not Verdict.PASSED), len(seen))
    assert Verdict.PASSED not in seen[first:]


@untimed
@given(failing, failing)
def test_two_versions_cannot_both_be_the_worse_one(one, other):
    assert [verdict(one, other), verdict(other, one)].count(Verdict.FAILED) < 2


@pytest.mark.parametrize("bad", [counts(1000, errors=200), counts(1000, slow=900)])
def test_the_labels_matter(bad):
    good = counts(1000)
    assert verdict(bad, good) is Verdict.FAILED
    assert verdict(good, bad) is Verdict.PASSED


@untimed
@given(sides)
def test_no_data_is_never_an_answer(side):
    nothing = Counts()
    assert verdict(nothing, side) is Verdict.INCONCLUSIVE
    assert verdict(side, nothing) is not Verdict.PASSED


@untimed
@given(st.integers(0, FLOOR.requests - 1), sides)
def test_below_the_floor_nothing_passes(requests, old):
    assert verdict(counts(requests), old) is not Verdict.PASSED


@untimed
@given(st.integers(0, FLOOR.requests_to_fail - 1), sides)
def test_a_handful_of_requests_fails_nothing(requests, old):
    assert verdict(counts(requests, requests, requests), old) is not Verdict.FAILED


def test_the_floor_is_enough_and_each_part_of_it_is_needed():
    new, old = counts(FLOOR.requests), counts(FLOOR.reference_requests)
    assert verdict(new, old, FLOOR.seconds) is Verdict.PASSED
    assert verdict(new, old, FLOOR.seconds - 0.1) is Verdict.INCONCLUSIVE
    assert verdict(counts(FLOOR.requests - 1), old) is Verdict.INCONCLUSIVE
    assert verdict(new, counts(FLOOR.reference_requests - 1)) is Verdict.INCONCLUSIVE
    untimed = Counts(requests=FLOOR.requests, timed=FLOOR.requests - 1)
    assert verdict(untimed, old) is Verdict.INCONCLUSIVE


def test_a_broken_objective_fails_although_the_margin_is_kept():
    new = counts(20_000, errors=80)
    assert new.error_share < SLO.analysis.margins.errors
    assert verdict(new, counts(20_000)) is Verdict.FAILED


def test_an_objective_that_both_break_is_not_the_releases_fault_and_yet_no_success():
    finding = JUDGE.examine(Evidence(counts(20_000, errors=80), counts(20_000, errors=80), 60, LOOKS))
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "both versions" in finding.reason


def test_beyond_the_margin_by_luck_is_neither():
    finding = JUDGE.examine(Evidence(counts(FLOOR.requests, errors=2), counts(1000), 60, LOOKS))
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "beyond the margin" in finding.reason


def test_the_sentence_names_both_sides():
    finding = JUDGE.examine(Evidence(counts(100, errors=20), counts(900, errors=1), 60, LOOKS))
    assert "20 % of 100 requests failed" in finding.reason
    assert "0.1111 % of 900" in finding.reason


def walk(chance: random.Random, new_share: float, old_share: float, scrapes: int = 120, weight: int = 25) -> Verdict:
    """One step as the judge meets it: asked after every scrape, at 100 requests each."""
    new = old = new_bad = old_bad = 0
    for scrape in range(scrapes):
        arrived = sum(chance.random() < weight / 100 for _ in range(100))
        new, old = new + arrived, old + 100 - arrived
        new_bad += sum(chance.random() < new_share for _ in range(arrived))
        old_bad += sum(chance.random() < old_share for _ in range(100 - arrived))
        evidence = Evidence(counts(new, errors=new_bad), counts(old, errors=old_bad), (scrape + 1) / 2, LOOKS)
        found = JUDGE.examine(evidence).verdict
        if found is not Verdict.INCONCLUSIVE:
            return found
    return Verdict.INCONCLUSIVE


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01])
def test_equal_versions_fail_no_more_often_than_alpha_allows(share):
    found = [walk(random.Random(seed), share, share, scrapes=40) for seed in range(100)]
    # At alpha 0.01 five or more of 100 would be a chance of 4 in 1000; the seeds are fixed.
    assert found.count(Verdict.FAILED) < 5
    assert share > 0 or found.count(Verdict.PASSED) == 100


@pytest.mark.parametrize(("share", "least"), [(0.2, 60), (0.05, 57)])
def test_worse_versions_are_found(share, least):
    found = [walk(random.Random(seed), share, 0.001) for seed in range(60)]
    assert found.count(Verdict.FAILED) >= least
    assert found.count(Verdict.PASSED) == 0 or share < 0.2


def smoke(*answers, version="v2"):
    return JUDGE.smoke([Answer("/orders", *answer) for answer in answers], version)


def test_smoke_needs_every_answer_right():
    good = (200, "v2", 0.01)
    assert smoke(*[good] * 50).verdict is Verdict.PASSED
    assert smoke(*[good] * 49, (500, "v2", 0.01)).verdict is Verdict.FAILED
    assert "version v1 answered instead of v2" in smoke(*[good] * 49, (200, "v1", 0.01)).reason
    assert "no answer (refused)" in smoke(good, (0, "", 0.0, "refused")).reason
    assert smoke().verdict is Verdict.INCONCLUSIVE


def test_smoke_forgives_a_cold_start_and_no_more():
    good, late = (200, "v2", 0.01), (200, "v2", 0.4)
    assert smoke(*[good] * 47, *[late] * 3).verdict is Verdict.PASSED
    assert smoke(*[late] * 50).verdict is Verdict.FAILED


@untimed
@given(st.integers(1, 400))
def test_a_finding_can_be_written_down(requests):
    finding = JUDGE.examine(Evidence(counts(requests, errors=1), counts(requests), 5.0, LOOKS))
    assert json.loads(json.dumps(finding.numbers))["candidate"]["errors"] == 1
