"""The binomial quantities, against sums of exact fractions."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery.judge.binomial import lower_tail, upper_bound, upper_tail

untimed = settings(deadline=None, max_examples=50)
trials = st.integers(1, 60)
shares = st.fractions(Fraction(1, 1000), Fraction(999, 1000), max_denominator=1000)


def exact_tail(successes: int, number: int, share: Fraction) -> Fraction:
    return sum(
        (math.comb(number, k) * share**k * (1 - share) ** (number - k) for k in range(successes, number + 1)),
        Fraction(),
    )


@untimed
@given(trials, st.integers(0, 61), shares)
def test_the_tail_is_exact(number, successes, share):
    assert upper_tail(successes, number, float(share)) == pytest.approx(
        float(exact_tail(successes, number, share)), rel=1e-9, abs=1e-300
    )
    assert lower_tail(successes, number, float(share)) == pytest.approx(
        float(1 - exact_tail(successes + 1, number, share)), rel=1e-9, abs=1e-300
    )


@untimed
@given(trials, st.data(), st.sampled_from([0.05, 1e-3, 1e-5]))
def test_the_bound_is_where_the_data_become_too_good_to_be_true(number, data, alpha):
    successes = data.draw(st.integers(0, number - 1))
    bound = upper_bound(successes, number, alpha)
    assert float(1 - exact_tail(successes + 1, number, Fraction(bound))) == pytest.approx(alpha, rel=1e-3)


@pytest.mark.parametrize(
    ("successes", "number", "share", "tail"), [(0, 5, 0.3, 1.0), (6, 5, 0.3, 0.0), (1, 5, 0.0, 0.0), (2, 5, 1.0, 1.0)]
)
def test_the_ends_of_the_scale(successes, number, share, tail):
    assert upper_tail(successes, number, share) == tail


def test_nothing_seen_rules_nothing_out():
    assert upper_bound(0, 0, 0.01) == 1.0
    assert upper_bound(7, 7, 0.01) == 1.0


@untimed
@given(st.integers(10_000, 200_000), st.floats(0.01, 0.2))
def test_large_numbers_do_not_overflow(number, share):
    middle = round(number * share)
    assert 0.3 < upper_tail(middle, number, share) < 0.7
    assert share < upper_bound(middle, number, 1e-5) < share * 1.8
