"""The figures behind the pictures: how sure a share is, percentiles, slices of time, the weight that was asked for."""

import math
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.drills.pages import request, run_of, step

from drills.html.figures import (
    ENOUGH_FOR_A_SHARE,
    MOST_SLICES,
    Weight,
    asked_at,
    percentile,
    shares,
    slices,
    weights,
    wilson,
)
from drills.observed import ObservedRollout
from drills.record import Record
from drills.twins import TWINS


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (30, 200, 0.10714, 0.20606)],
)
def test_the_band_is_wilsons(hits, total, low, high):
    assert wilson(hits, total) == pytest.approx((low, high), abs=5e-5)


def test_without_a_request_every_share_is_possible():
    assert wilson(0, 0) == (0.0, 1.0)


def binomial(hits, total, share):
    return math.comb(total, hits) * share**hits * (1 - share) ** (total - hits)


@pytest.mark.parametrize("share", [0.02, 0.15, 0.5, 0.98])
def test_the_band_holds_the_true_share_in_about_95_of_100_cases(share):
    held = sum(binomial(k, 200, share) for k in range(201) if wilson(k, 200)[0] <= share <= wilson(k, 200)[1])
    assert 0.93 < held < 0.975


@given(st.lists(st.floats(0, 3000), min_size=1, max_size=80), st.sampled_from([50, 95, 99]))
def test_a_percentile_is_the_least_latency_that_so_many_do_not_exceed(values, percent):
    found = percentile(values, percent)
    enough = len(values) * percent / 100
    assert sum(value <= found for value in values) >= enough > sum(value < found for value in values)


def test_no_answer_has_no_percentile():
    assert percentile([], 50) is None


def test_requests_fall_into_the_second_in_which_they_were_due():
    run = run_of([request(0.0), request(0.999), request(1.0, version="v2"), request(2.5, error="e")], duration_s=3.0)
    cut = slices(run)
    assert [len(piece.requests) for piece in cut] == [2, 1, 1]
    assert [piece.failed for piece in cut] == [0, 0, 1]
    assert len(cut[1].by("order", "v2")) == 1


def test_no_request_of_a_long_drill_is_lost_and_the_slices_stay_few():
    run = run_of([request(number) for number in range(1700)], duration_s=1700.5)
    cut = slices(run)
    assert len(cut) <= MOST_SLICES
    assert sum(len(piece.requests) for piece in cut) == 1700


def test_the_rate_of_a_second_that_began_without_users_is_not_halved():
    run = run_of([request(0.5 + number / 100) for number in range(150)], duration_s=2.0)
    assert [round(piece.rate("order", "v1")) for piece in slices(run)] == [100, 101]


def test_a_sliver_of_a_second_has_no_rate():
    run = run_of([request(0.95), request(1.0), request(2.0)], duration_s=2.0)
    assert slices(run)[0].rate("order", "v1") is None


STEPS = [
    step("stage", started=0.0, finished=1.0),
    step("shift", "15 % of the users to the canary", 2.0, 2.1),
    step("analysis", started=2.1, finished=5.0),
    step("shift", "30 % of the users to the canary", 5.0, 5.1),
    step("abort", "bad", 7.0, 8.0),
    step("go back", started=9.0),
]


def test_the_weight_asked_for_follows_the_steps():
    assert weights(STEPS) == [Weight(0.0, 0), Weight(2.0, 15), Weight(5.0, 30), Weight(7.0, 0)]
    assert [asked_at(weights(STEPS), at) for at in (0, 1.9, 2.0, 6.9, 7.0, 99)] == [0, 0, 15, 30, 0, 0]


def test_a_switch_and_a_promotion_ask_for_all_users():
    steps = [step("switch", started=1.0), step("promote", started=2.0, finished=3.0), step("go back", started=4.0)]
    assert weights(steps) == [Weight(0.0, 0), Weight(1.0, 100), Weight(4.0, 0)]


def test_the_words_of_a_shift_are_understood():
    """The weight is read from the step's words: they must not change on one side alone."""
    record = Record("canary", TWINS["sound"], "order", "c", "h", "v2", 200)
    ObservedRollout(SimpleNamespace(shift=lambda canary: None), record).shift(canary=15)
    [shift] = record.steps
    assert weights([step(shift.name, shift.detail, 1.0)])[-1].percent == 15


def test_the_share_counts_answers_of_the_service_under_release():
    answers = [request(0.1, "v2")] * 10 + [request(0.2)] * 30
    others = [request(0.3, "v1", service="user")] * 50 + [request(0.4, "", status=None, error="no answer")] * 5
    run = run_of(answers + others, duration_s=1.0)
    [share] = shares(run, slices(run), weights([]))
    assert (share.hits, share.total, share.share) == (10, 40, 0.25)
    assert share.band[0] < 0.25 < share.band[1]


def test_few_requests_are_taken_together_but_not_across_a_change_of_the_weight():
    run = run_of([request(number / 10) for number in range(80)], duration_s=8.0)
    asked = [Weight(0.0, 0), Weight(5.0, 15)]
    found = list(shares(run, slices(run), asked))
    assert [(share.start_s, share.end_s, share.total) for share in found] == [(0, 3, 30), (3, 5, 20), (5, 8, 30)]
    assert found[0].total >= ENOUGH_FOR_A_SHARE
