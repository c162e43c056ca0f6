"""What is known of the stable version beforehand: classes at its quantiles, the threshold among them, and bursts."""

import itertools
import math

import pytest

from delivery.counters.baseline import measure
from delivery.counters.tally import Increase, Tally
from delivery.slo import load_slo

SLO = load_slo("order")
BOUNDS = [0.001, 0.005, 0.01, 0.02, 0.025, 0.05, 0.1, 0.15, 0.25, 0.3, 0.5, 1.0, math.inf]
THRESHOLD = SLO.objectives.latency.threshold_seconds


def scrapes(within, number=40, requests=100, errors=lambda _place: 0, track="stable"):
    """Return scrapes of which each has these shares of its requests within these bounds."""
    reached = [max((share for at, share in within if at <= bound), default=0.0) for bound in BOUNDS]
    times = {bound: round(share * requests) for bound, share in zip(BOUNDS, reached, strict=True)}
    return [
        Increase("g1", place / 2, place / 2 + 0.5, {track: Tally(requests, errors(place), times)})
        for place in range(number)
    ]


FAST = [(0.005, 0.5), (0.01, 0.8), (0.02, 0.95), (0.05, 0.99), (0.1, 1.0)]


def measured(increases, known=BOUNDS):
    return measure(increases, ["stable"], known, SLO)


def test_classes_are_cut_at_quantiles_at_the_threshold_and_far_beyond_all():
    assert measured(scrapes(FAST)).bounds == (0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.25)


def test_shares_are_those_of_the_classes():
    found = measured(scrapes(FAST))
    assert found.shares == pytest.approx((0.5, 0.3, 0.15, 0.04, 0.01, 0, 0, 0))
    assert (found.requests, found.seconds) == (4000, 20.0)


@pytest.mark.parametrize("within", [FAST, [(0.25, 1.0)], [(0.5, 1.0)], [(1.0, 0.5), (math.inf, 1.0)]])
def test_whatever_the_times_are_the_classes_are_in_order_and_whole(within):
    found = measured(scrapes(within))
    assert THRESHOLD in found.bounds
    assert list(found.bounds) == sorted(set(found.bounds))
    assert all(math.isfinite(bound) for bound in found.bounds)
    assert sum(found.shares) == pytest.approx(1)
    assert len(found.shares) == len(found.bounds) + 1


def test_the_new_version_may_be_slower_by_the_tolerance_but_not_than_the_objective():
    found = measured(scrapes(FAST))
    allowed = dict(zip(found.bounds, found.allowed, strict=True))
    assert allowed[0.005] == 0.01
    assert allowed[0.02] == 0.025
    assert allowed[0.1] == 0.15
    assert allowed[THRESHOLD] == THRESHOLD
    assert all(low <= high for low, high in itertools.pairwise(found.allowed))
    assert all(allowed[bound] <= THRESHOLD for bound in found.bounds if bound <= THRESHOLD)


def test_without_a_bound_at_the_threshold_there_is_none():
    assert THRESHOLD not in measured(scrapes(FAST), [bound for bound in BOUNDS if bound != THRESHOLD]).bounds


def test_without_a_past_the_objective_stands_for_it():
    found = measured([])
    assert (found.bounds, found.requests) == ((THRESHOLD,), 0)
    assert found.shares == pytest.approx((SLO.objectives.latency.share, 1 - SLO.objectives.latency.share))


def test_only_the_stable_version_counts():
    both = scrapes(FAST) + scrapes([(1.0, 1.0)], track="canary")
    assert measured(both).bounds == measured(scrapes(FAST)).bounds


def test_errors_in_bursts_are_seen():
    bursts = scrapes(FAST, number=100, errors=lambda place: 30 if place % 20 == 0 else 0)
    even = scrapes(FAST, number=100, errors=lambda place: place % 2)
    assert measured(even).dispersion == 1.0
    assert measured(bursts).dispersion > 5


def test_slowness_in_spells_is_seen():
    """In every twentieth scrape a pod is held up, and what it answers then is late together."""
    held_up = [(0.005, 0.1), (0.1, 0.3), (0.5, 1.0)]
    calm, spell = scrapes(FAST, number=100), scrapes(held_up, number=100)
    spells = [spell[place] if place % 20 == 0 else each for place, each in enumerate(calm)]
    assert measured(calm).slow_dispersion == 1.0
    assert measured(spells).slow_dispersion > 3
