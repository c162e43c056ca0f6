"""Ramps: the first weight brings a handful, and each step proves what keeps the next one harmless."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from delivery.planning.plan import Plan
from delivery.planning.ramp import MOST, Ramp, resolve
from delivery.planning.traffic import Traffic
from delivery.slo import load_slo

SLO = load_slo("order")
MARGINS = SLO.analysis.margins


def ramp(rate, scrape=1.0, at_once=False, **plan):
    return resolve(Plan(**plan), Traffic(rate, scrape, 0.0), SLO, at_once)


@pytest.mark.parametrize(
    ("rate", "scrape", "weights"),
    [
        (200, 1.0, (2, 4, 10, 22, 50)),
        (200, 0.5, (4, 9, 22, 50)),
        (50, 1.0, (8, 20, 50)),
        (10_000, 1.0, (1, 2, 5, 10, 23, 50)),
        (1, 1.0, (16, 28, 50)),
    ],
)
def test_weights_follow_from_the_traffic(rate, scrape, weights):
    assert ramp(rate, scrape).weights == weights


@given(
    rate=some.floats(0.1, 1e5),
    scrape=some.floats(0.1, 30),
    handful=some.integers(1, 1000),
    factor=some.floats(1.01, 100),
    last=some.integers(1, 99),
)
def test_every_plan_makes_weights_that_grow_to_the_last(rate, scrape, handful, factor, last):
    weights = ramp(rate, scrape, handful=handful, factor=factor, last=last).weights
    assert list(weights) == sorted(set(weights))
    assert (weights[-1], min(weights) >= 1) == (last, True)


@given(rate=some.floats(25, 1e4), handful=some.integers(1, 10))
def test_the_first_look_brings_no_more_than_the_handful_where_one_per_cent_allows_it(rate, handful):
    found = ramp(rate, handful=handful)
    brought = found.per_look * found.weights[0] / 100
    assert brought <= max(handful + found.per_look / 200, found.per_look / 100) + 1e-9


def test_chosen_weights_are_taken_as_they_are():
    assert ramp(200, weights=(10, 30)).weights == (10, 30)


def test_all_users_at_once_are_one_step_with_the_margins_of_the_objectives():
    found = ramp(200, at_once=True, weights=(10, 30))
    assert found.weights == (100,)
    assert found.demand(100, MARGINS).errors == MARGINS.errors


def test_a_step_proves_that_the_next_look_hurts_no_more_than_a_handful():
    found = ramp(200)
    for weight, following in zip(found.weights, found.weights[1:], strict=False):
        demand = found.demand(weight, MARGINS)
        assert demand.errors * found.per_look * following / 100 <= found.handful + 1e-9
        assert demand.errors >= MARGINS.errors
        assert demand.slow == max(MARGINS.slow, demand.errors)


def test_what_hurts_nobody_yet_is_proved_in_the_last_step():
    assert {(demand.typical, demand.tail) for demand in (ramp(200).demand(each, MARGINS) for each in (2, 22))} == {
        (MOST, MOST)
    }


def test_the_last_step_proves_the_margins_of_the_objectives():
    demand = ramp(200).demand(50, MARGINS)
    assert (demand.errors, demand.slow, demand.typical, demand.tail) == (
        MARGINS.errors,
        MARGINS.slow,
        MARGINS.typical,
        MARGINS.tail,
    )


def test_no_step_passes_unproven():
    assert ramp(1, weights=(1, 2, 50)).demand(1, MARGINS).errors == MOST


def test_a_plan_may_give_steps_another_deadline_than_the_objectives():
    assert ramp(200).deadline == SLO.analysis.deadline_seconds
    assert ramp(200, deadline_seconds=7.5).deadline == 7.5


def test_it_survives_the_journal():
    found = ramp(200)
    assert Ramp.of(json.loads(json.dumps(found.as_dict()))) == found
