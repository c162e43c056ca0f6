"""Proof within margins: what is beyond the margin cannot earn it, what is sound earns it with as much as it takes."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery.judge import safety
from delivery.judge.safety import LARGEST, Prior, log_proof

untimed = settings(deadline=None, max_examples=25)
PRIOR = Prior(0.01, 25)


def odds(blocks, delta, prior=PRIOR, tempering=1.0):
    """Return the odds against the margin after blocks of (bad, all) of the new version and of the stable one."""
    bad = np.array([[new[0], old[0]] for new, old in blocks], float).reshape(-1, 2)
    requests = np.array([[new[1], old[1]] for new, old in blocks], float).reshape(-1, 2)
    return math.exp(log_proof(bad, requests, delta, prior, tempering))


def binomial(bad, requests, share):
    return math.comb(requests, bad) * share**bad * (1 - share) ** (requests - bad)


def mean_odds(new, old, new_share, old_share, delta, prior, tempering=1.0):
    """Return the mean of the odds after one block, over everything that can come."""
    return sum(
        binomial(bad, new, new_share)
        * binomial(old_bad, old, old_share)
        * odds([((bad, new), (old_bad, old))], delta, prior, tempering)
        for bad, old_bad in itertools.product(range(new + 1), range(old + 1))
    )


sizes = st.integers(1, 7)
priors = st.builds(Prior, st.floats(0.0005, 0.9), st.just(25.0))
deltas = st.one_of(st.just(0.005), st.floats(0.001, 0.8))


@untimed
@given(sizes, sizes, priors, deltas, st.floats(0, 1), st.floats(0, 1))
def test_beyond_the_margin_no_odds_are_earned_on_average(new, old, prior, delta, place, further):
    old_share = place * (1 - delta)
    new_share = old_share + delta + further * (1 - delta - old_share)
    assert mean_odds(new, old, min(1.0, new_share), old_share, delta, prior) <= 1 + 1e-9


@untimed
@given(sizes, sizes, priors, deltas)
def test_at_the_nearest_opponent_the_mean_is_exactly_one(new, old, prior, delta):
    bet = np.array([prior.share])
    high, low = safety._nearest(bet, np.array([[new, old]], float), delta)[0]
    assert high - low == pytest.approx(delta)
    assert mean_odds(new, old, float(high), float(low), delta, prior) == pytest.approx(1.0, abs=1e-6)


@untimed
@given(sizes, sizes, priors, deltas, st.floats(1.0, 30.0))
def test_tempered_odds_are_earned_by_nobody_beyond_the_margin(new, old, prior, delta, tempering):
    low = prior.share * (1 - delta)
    assert mean_odds(new, old, low + delta, low, delta, prior, tempering) <= 1 + 1e-9


def test_an_opponent_who_is_not_the_nearest_would_be_seen(monkeypatch):
    beyond = (0.15, 0.05, 0.1, Prior(0.4, 25))
    assert mean_odds(4, 4, *beyond) <= 1
    monkeypatch.setattr(safety, "_nearest", lambda bet, requests, delta: np.stack([bet + delta, bet], axis=1))
    assert mean_odds(4, 4, *beyond) > 1.1


def test_odds_stay_fair_after_several_blocks_though_the_bets_learn():
    delta, old_share = 0.2, 0.3
    mean = 0.0
    sides = list(itertools.product(range(3), range(3)))
    for first, second in itertools.product(sides, sides):
        chance = math.prod(
            binomial(bad, 2, old_share + delta) * binomial(old, 2, old_share) for bad, old in (first, second)
        )
        blocks = [((bad, 2), (old, 2)) for bad, old in (first, second)]
        mean += chance * odds(blocks, delta, Prior(0.1, 1))
    assert mean <= 1 + 1e-9


def test_bets_come_from_the_past_only():
    def bets(last):
        return safety._bets(np.array([[0, 3], [1, 2], last], float), np.array([[5, 50]] * 3, float), PRIOR)

    assert bets([5, 50]).tolist() == bets([0, 0]).tolist()
    assert bets([0, 0])[1] == pytest.approx((3 + 0.25) / (55 + 25))


def test_no_data_on_one_side_earns_nothing():
    assert odds([((0, 0), (0, 500))], 0.5) == 1.0
    assert odds([((0, 500), (0, 0))], 0.5) == 1.0
    assert odds([], 0.5) == 1.0
    some = [((0, 5), (0, 50))]
    assert odds([*some, ((0, 0), (40, 40))], 0.5) == odds(some, 0.5)


def test_no_margin_is_never_proved():
    assert odds([((0, 10**6), (0, 10**6))], 0.0) == 1.0


@pytest.mark.parametrize(
    ("delta", "share", "fewest", "most"),
    [(0.9, 0.0, 2, 3), (0.5, 0.0, 4, 6), (0.1, 0.0, 25, 45), (0.005, 0.0, 550, 800), (0.005, 0.001, 800, 1500)],
)
def test_the_proof_takes_what_theory_says(delta, share, fewest, most):
    """A tenth of the users on the new version, and a share of failures that is met exactly."""
    blocks, new = [], 0
    while odds(blocks, delta) < 20:
        size = 1 if delta > 0.05 else 20
        new += size
        seen = [round(count * share) - round((count - of) * share) for count, of in ((new, size), (9 * new, 9 * size))]
        blocks.append(((seen[0], size), (seen[1], 9 * size)))
        assert new <= most
    assert new >= fewest


def test_a_demand_of_everything_still_wants_answers():
    assert odds([((0, 0), (0, 100))], 3.0) == 1.0
    assert odds([((0, 5), (0, 100))], 3.0) == odds([((0, 5), (0, 100))], LARGEST)


@untimed
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 200)), min_size=1, max_size=8), st.integers(0, 7))
def test_more_failures_of_the_new_version_never_help_its_proof(sizes, place):
    blocks = [((0, new), (0, old)) for new, old in sizes]
    place %= len(blocks)
    worse = list(blocks)
    if not blocks[place][0][1]:
        return
    worse[place] = ((1, blocks[place][0][1]), blocks[place][1])
    assert odds(worse, 0.1) <= odds(blocks, 0.1) + 1e-9


def test_tempering_asks_for_as_many_times_more():
    blocks = [((0, 50), (0, 450))] * 20
    assert math.log(odds(blocks, 0.005, tempering=4.0)) == pytest.approx(math.log(odds(blocks, 0.005)) / 4)
    each = np.array([1.0] * 10 + [4.0] * 10)
    assert odds(blocks, 0.005, tempering=4.0) < odds(blocks, 0.005, tempering=each) < odds(blocks, 0.005)
