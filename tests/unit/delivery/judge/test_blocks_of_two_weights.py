"""A block in which the weight changed: bets on errors pay at most 1 on average, and such a block proves nothing."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.judge.bets import on_errors, on_latency
from delivery.judge.evidence import Baseline, Block, Demand, Evidence, Side
from delivery.judge.harm import Wealth
from delivery.judge.measures import measures
from delivery.judge.sequential import SequentialJudge
from delivery.judgement import Verdict
from delivery.slo import load_slo

SLO = load_slo("order")
BASELINE = Baseline((0.1, 0.25), (0.5, 0.45, 0.05), 1000, 10.0)
DEMAND = Demand(**SLO.analysis.margins.model_dump())


def block(candidate, reference, weight=4, *, mixed=True):
    sides = [Side(requests, errors, ()) for requests, errors in (candidate, reference)]
    return Block(*sides, since=0.0, until=1.0, weight=weight, mixed=mixed)


def found(*blocks):
    return SequentialJudge(SLO).examine(Evidence(blocks, BASELINE, DEMAND))


@given(st.lists(st.tuples(st.floats(0, 0.3), st.booleans()), min_size=1, max_size=7))
def test_whatever_happens_when_it_pays_at_most_one_on_average(requests):
    """Each request has a weight of its own, up to 0.3, and fails or not, whosever it is."""
    mean = 0.0
    for labels in itertools.product((False, True), repeat=len(requests)):
        chance = math.prod(weight if label else 1 - weight for label, (weight, _) in zip(labels, requests, strict=True))
        sides = [[0, 0], [0, 0]]
        for label, (_, failed) in zip(labels, requests, strict=True):
            sides[0 if label else 1][failed] += 1
        mean += chance * math.exp(Wealth(on_errors()).mixed_block(*sides, most=0.3))
    assert mean <= 1 + 1e-9


def test_a_canary_that_fails_every_request_is_found_in_the_scrape_of_its_first():
    assert found(block((3, 3), (97, 0))).verdict is Verdict.FAILED


def test_what_both_versions_have_says_nothing():
    assert found(block((50, 50), (150, 50), weight=50)).verdict is Verdict.INCONCLUSIVE
    assert found(block((50, 50), (150, 50), weight=50, mixed=False)).verdict is Verdict.FAILED


def test_errors_of_the_stable_version_cost_the_bets_even_where_the_canary_had_no_request():
    wealth = Wealth(on_errors())
    assert wealth.mixed_block((0, 0), (97, 3), most=0.5) < 0


def test_a_mix_counts_but_proves_nothing():
    [errors, *_] = measures(Evidence((block((5000, 0), (5000, 0), weight=50),), BASELINE, DEMAND), 0.25)
    assert errors.totals == ((0, 5000), (0, 5000))
    assert errors.log_proof == 0.0


def test_bets_that_also_win_on_the_better_class_are_refused():
    with pytest.raises(ValueError, match="two weights"):
        Wealth(on_latency(BASELINE)).mixed_block(np.ones(3), np.ones(3), most=0.1)
