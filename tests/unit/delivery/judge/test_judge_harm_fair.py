"""Bets on harm are fair when there is none: on average over who is who, each pays exactly 1."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.unit.delivery.judge.worlds import BASELINE

from delivery.judge import harm, normaliser
from delivery.judge.bets import ERROR_ODDS, Bets, on_both, on_errors, on_latency
from delivery.judge.harm import Wealth, log_factors

untimed = settings(deadline=None, max_examples=50)
ALL_BETS = [on_errors(), on_latency(BASELINE), on_both(BASELINE)]


def labelings(whole, chosen):
    """Yield every way to make some of a block's requests the new version's, with its chance."""
    ways = math.comb(sum(whole), chosen)
    for counts in itertools.product(*(range(count + 1) for count in whole)):
        if sum(counts) == chosen:
            share = math.prod(math.comb(of, count) for of, count in zip(whole, counts, strict=True)) / ways
            yield counts, tuple(of - count for of, count in zip(whole, counts, strict=True)), share


def mean_payment(bets, whole, chosen):
    return sum(share * np.exp(log_factors(bets, new, old)) for new, old, share in labelings(whole, chosen))


@st.composite
def small_blocks(draw, classes):
    whole = [0] * classes
    for place in draw(st.lists(st.integers(0, classes - 1), min_size=2, max_size=9)):
        whole[place] += 1
    return tuple(whole), draw(st.integers(1, sum(whole) - 1))


@pytest.mark.parametrize("bets", ALL_BETS, ids=["errors", "latency", "both"])
def test_every_bet_pays_one_on_average(bets):
    @untimed
    @given(small_blocks(len(bets.weights[0])))
    def fair(drawn):
        assert mean_payment(bets, *drawn) == pytest.approx(np.ones(len(bets.shares)), abs=1e-9)

    fair()


@untimed
@given(st.lists(small_blocks(2), min_size=2, max_size=2))
def test_the_wealth_is_one_on_average_after_several_blocks(drawn):
    (first, n), (second, m) = drawn
    mean = 0.0
    for new, old, share in labelings(first, n):
        for newer, older, chance in labelings(second, m):
            wealth = Wealth(on_errors())
            wealth.block(new, old)
            mean += share * chance * math.exp(wealth.block(newer, older))
    assert mean == pytest.approx(1.0, abs=1e-9)


@untimed
@given(small_blocks(2), st.floats(1.0, 50.0))
def test_tempered_wealth_is_at_most_one_on_average(drawn, tempering):
    mean = 0.0
    for new, old, share in labelings(*drawn):
        mean += share * math.exp(Wealth(on_errors()).block(new, old, tempering))
    assert mean <= 1 + 1e-9


@untimed
@given(st.integers(1, 5), st.integers(1, 5), st.floats(0.01, 0.9), st.floats(0, 1))
def test_a_version_that_is_better_earns_nothing_on_average(new, old, share, better):
    mean = np.zeros(len(ERROR_ODDS))
    for bad, old_bad in itertools.product(range(new + 1), range(old + 1)):
        chance = binomial(bad, new, share * better) * binomial(old_bad, old, share)
        mean += chance * np.exp(log_factors(on_errors(), (new - bad, bad), (old - old_bad, old_bad)))
    assert (mean <= 1 + 1e-9).all()


def binomial(bad, requests, share):
    return math.comb(requests, bad) * share**bad * (1 - share) ** (requests - bad)


@pytest.mark.parametrize("broken", ["choices", "tilt"])
def test_an_unfair_division_would_be_seen(monkeypatch, broken):
    if broken == "choices":
        monkeypatch.setattr(normaliser, "_log_choices", lambda whole, chosen: math.log(math.comb(whole, chosen + 1)))
    else:
        monkeypatch.setattr(normaliser, "_tilt", lambda weights, whole, chosen: np.full(len(weights), 40.0))
    log_factors.cache_clear()
    try:
        assert mean_payment(on_errors(), (5, 3), 3) != pytest.approx(np.ones(len(ERROR_ODDS)), abs=1e-9)
    finally:
        log_factors.cache_clear()


def exact_log_mean(odds, errors, whole, chosen):
    """Return the logarithm of the hypergeometric mean of odds^X, from whole numbers."""
    ways = sum(
        math.comb(errors, bad) * math.comb(whole - errors, chosen - bad) * int(odds) ** bad
        for bad in range(max(0, chosen - whole + errors), min(errors, chosen) + 1)
    )
    return math.log(ways) - math.log(math.comb(whole, chosen))


@pytest.mark.parametrize(
    ("whole", "chosen", "errors"),
    [(2, 1, 1), (25, 1, 24), (60, 30, 30), (500, 5, 5), (2000, 1000, 1), (20_000, 200, 40), (20_000, 10_000, 90)],
)
def test_blocks_of_any_size_are_divided_exactly(whole, chosen, errors):
    # What log-gamma of 20,000 leaves of precision: the wealth is off by less than one in a thousand million.
    for odds, factor in zip(
        ERROR_ODDS, log_factors(on_errors(), (chosen, 0), (whole - chosen - errors, errors)), strict=True
    ):
        assert -factor == pytest.approx(exact_log_mean(odds, errors, whole, chosen), rel=1e-9, abs=1e-9)


@untimed
@given(st.lists(st.integers(0, 400), min_size=9, max_size=9), st.data())
def test_latency_blocks_stay_within_what_a_bet_can_pay(whole, data):
    new = tuple(data.draw(st.integers(0, count)) for count in whole)
    old = tuple(count - taken for count, taken in zip(whole, new, strict=True))
    assume(sum(new) and sum(old))
    factors = log_factors(on_latency(BASELINE), new, old)
    assert np.isfinite(factors).all()
    # No choice can pay more than the number of choices, since all of them pay 1 on average.
    ways = math.lgamma(sum(whole) + 1) - math.lgamma(sum(new) + 1) - math.lgamma(sum(old) + 1)
    assert (factors <= ways + 1e-6).all()


@pytest.mark.parametrize("bets", ALL_BETS, ids=["errors", "latency", "both"])
def test_a_block_with_no_data_on_one_side_changes_nothing(bets):
    some, none = (3,) * len(bets.weights[0]), (0,) * len(bets.weights[0])
    wealth = Wealth(bets)
    assert wealth.block(some, none) == wealth.block(none, some) == wealth.block(none, none) == 0.0
    assert wealth.block(some, some) != 0.0


def test_all_of_a_kind_tells_nothing():
    assert log_factors(on_errors(), (0, 6), (0, 200)).tolist() == [0.0] * 5
    assert log_factors(on_errors(), (6, 0), (200, 0)).tolist() == [0.0] * 5


@pytest.mark.parametrize("counts", [((1, 2, 3), (1, 2, 3)), ((1, 2), (1, 2, 3)), ((-1, 2), (1, 2))])
def test_counts_that_are_none_are_refused(counts):
    with pytest.raises(ValueError, match="2 counts a side"):
        Wealth(on_errors()).block(*counts)


def test_every_set_of_bets_is_a_division_of_one():
    for bets in ALL_BETS:
        assert isinstance(bets, Bets)
        assert sum(bets.shares) == pytest.approx(1)
        assert len(bets.shares) == len(bets.weights)
    assert 0 < harm.CASH < 1
