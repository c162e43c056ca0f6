"""How evidence of harm has to behave: swapped labels, order, splitting, and more errors."""

import itertools
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.delivery.judge.worlds import BASELINE, World

from delivery.judge import harm
from delivery.judge.bets import on_errors, on_latency
from delivery.judge.harm import Wealth, log_factors

untimed = settings(deadline=None, max_examples=50)
outcomes = st.tuples(st.integers(0, 300), st.integers(0, 30))


def wealth_after(blocks, bets=None):
    wealth = Wealth(bets or on_errors())
    for new, old in blocks:
        wealth.block(new, old)
    return wealth


@untimed
@given(outcomes, outcomes)
def test_two_versions_cannot_both_be_the_worse_one(one, other):
    there, back = wealth_after([(one, other)]).log, wealth_after([(other, one)]).log
    assert min(there, back) <= 1e-9


def test_swapped_labels_swap_the_answer():
    bad, good = (80, 20), (900, 1)
    assert wealth_after([(bad, good)]).reached(0.001)
    assert wealth_after([(good, bad)]).log < 0


@untimed
@given(st.lists(st.tuples(outcomes, outcomes), min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_scrapes_is_irrelevant_to_what_is_bet_from_the_start(blocks, order):
    # Only the cash that is put back, block by block, knows the order: that is what it is for.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(harm, "PUT_BACK", 1e-300)
        shuffled = order.sample(blocks, len(blocks))
        assert wealth_after(blocks).log == pytest.approx(wealth_after(shuffled).log, abs=1e-9)


@untimed
@given(outcomes, outcomes, st.integers(1, 20))
def test_more_errors_of_the_new_version_never_lower_the_harm(new, old, more):
    fine, failed = new
    turned = min(more, fine)
    worse = (fine - turned, failed + turned)
    assert wealth_after([(worse, old)]).log >= wealth_after([(new, old)]).log - 1e-9 or not sum(old)


@untimed
@given(outcomes, outcomes, st.integers(1, 20))
def test_more_errors_of_the_stable_version_never_raise_the_harm(new, old, more):
    turned = min(more, old[0])
    assert wealth_after([(new, (old[0] - turned, old[1] + turned))]).log <= wealth_after([(new, old)]).log + 1e-9


@untimed
@given(st.tuples(*[st.integers(0, 30)] * 9), st.tuples(*[st.integers(0, 100)] * 9), st.integers(0, 7))
def test_a_slower_request_never_lowers_what_a_slope_pays(new, old, place):
    if not new[place]:
        return
    slower = list(new)
    slower[place] -= 1
    slower[place + 1] += 1
    bets = on_latency(BASELINE)
    before, after = log_factors(bets, new, old), log_factors(bets, tuple(slower), old)
    if sum(old):
        assert (after >= before - 1e-9).all()


def split(counts, chance):
    """Divide the requests of a side into two blocks, as if there had been a scrape in between."""
    first = tuple(sum(chance.random() < 0.5 for _ in range(count)) for count in counts)
    return first, tuple(count - taken for count, taken in zip(counts, first, strict=True))


def test_splitting_blocks_keeps_most_of_the_power():
    chance, whole, halves = random.Random(1), [], []
    for seed in range(60):
        world = World(seed, new=0.05, old=0.001)
        blocks = world.blocks(12)
        pairs = [
            (
                (each.candidate.requests - each.candidate.errors, each.candidate.errors),
                (each.reference.requests - each.reference.errors, each.reference.errors),
            )
            for each in blocks
        ]
        parts = [list(zip(split(new, chance), split(old, chance), strict=True)) for new, old in pairs]
        whole.append(wealth_after(pairs).log)
        halves.append(wealth_after(itertools.chain(*parts)).log)
    assert sum(halves) == pytest.approx(sum(whole), rel=0.15)
    assert sum(whole) / len(whole) > 5


def blocks_until_found(good_blocks):
    """Return how many blocks with harm it takes after so many in which both versions fail alike."""
    wealth = wealth_after([((198, 2), (1782, 18))] * good_blocks)
    return next(number for number in range(1, 60) if wealth.block((190, 10), (1782, 18)) >= math.log(200))


def test_harm_that_begins_late_is_found_and_the_cash_is_what_finds_it(monkeypatch):
    at_once, late = blocks_until_found(0), blocks_until_found(300)
    assert at_once < late <= 3 * at_once
    monkeypatch.setattr(harm, "PUT_BACK", 1e-300)
    monkeypatch.setattr(harm, "CASH", 1e-300)
    assert blocks_until_found(300) > 2 * late


def test_what_was_reached_once_stays_reached():
    wealth = wealth_after([((0, 6), (200, 0))])
    assert wealth.reached(0.01)
    for _ in range(50):
        wealth.block((6, 0), (100, 100))
    assert wealth.log < math.log(100)
    assert wealth.reached(0.01)
