"""Errors in bursts: seen in the baseline, and worth so many times less."""

import numpy as np
import pytest
from tests.unit.delivery.judge.worlds import World

from delivery.judge.bets import on_errors
from delivery.judge.harm import Wealth
from delivery.judge.tempering import dispersion, of_comparison

RATE = 200


def bursts(chance, seconds, share=0.3, length=3, every=40):
    """Return the chance of failing, second by second: bursts that begin at random."""
    begun = chance.random(seconds + length) < 1 / every
    return np.array([share if begun[second : second + length].any() else 0.001 for second in range(seconds)])


def failures(chance, seconds, requests):
    return chance.binomial(requests, bursts(chance, seconds)).tolist()


def test_independent_errors_have_a_dispersion_of_one():
    chance = np.random.default_rng(1)
    found = [dispersion(chance.binomial(RATE, 0.02, 60).tolist(), [RATE] * 60) for _ in range(200)]
    assert sum(each == 1.0 for each in found) >= 190
    assert max(found) < 3


def test_bursts_are_seen_and_long_ones_the_more_so():
    chance = np.random.default_rng(2)
    short = dispersion(chance.binomial(RATE, bursts(chance, 400, length=1)).tolist(), [RATE] * 400)
    long = dispersion(chance.binomial(RATE, bursts(chance, 400, length=4)).tolist(), [RATE] * 400)
    assert 20 < short < long


def test_pieces_are_put_together_to_see_a_burst_as_a_whole():
    errors, requests = [0, 0, 0, 0, 10, 10, 10, 10] * 10, [100] * 80
    piece_by_piece = dispersion([0, 10] * 40, requests)
    assert dispersion(errors, requests) > 2 * piece_by_piece


@pytest.mark.parametrize(
    ("errors", "requests"),
    [
        ([], []),
        ([50] + [0] * 8, [100] * 9),
        ([4] + [0] * 30, [100] * 31),
        ([100] * 20, [100] * 20),
        ([0] * 20, [0] * 20),
    ],
)
def test_too_little_data_is_no_reason_to_temper(errors, requests):
    assert dispersion(errors, requests) == 1.0


def test_counts_that_do_not_belong_together_are_refused():
    with pytest.raises(ValueError, match="zip"):
        dispersion([1, 2], [100])


def test_a_version_meets_its_share_of_a_burst():
    assert of_comparison(21.0, 10) == pytest.approx(1 + 20 * 0.18)
    assert of_comparison(21.0, 50) == pytest.approx(11.0)
    assert of_comparison(21.0, 100) == 21.0
    assert of_comparison(1.0, 50) == of_comparison(0.5, 50) == 1.0


@pytest.mark.parametrize("weight", [5, 25, 50])
def test_counts_differ_by_as_much_as_is_reckoned_with(weight):
    chance, share = np.random.default_rng(3), weight / 100
    whole, new, old = (
        np.array(failures(chance, 20_000, size)) for size in (RATE, round(RATE * share), round(RATE * (1 - share)))
    )
    errors = (new + old).mean()
    by_chance = errors * share * (1 - share)
    differ = (new - share * (new + old)).var() / by_chance
    assert differ == pytest.approx(of_comparison(float(whole.var() / whole.mean()), weight), rel=0.15)


def false_alarms(tempered, releases=60, seconds=120, weight=25):
    alarms = 0
    for seed in range(releases):
        chance = np.random.default_rng(seed)
        measured = dispersion(failures(chance, 300, RATE), [RATE] * 300) if tempered else 1.0
        wealth, new = Wealth(on_errors()), RATE * weight // 100
        pairs = zip(failures(chance, seconds, new), failures(chance, seconds, RATE - new), strict=True)
        for bad, old_bad in pairs:
            counts = (new - bad, bad), (RATE - new - old_bad, old_bad)
            wealth.block(*counts, of_comparison(measured, weight))
        alarms += wealth.reached(0.005)
    return alarms


def test_a_burst_of_its_own_rolls_back_a_sound_release_unless_it_is_tempered():
    assert false_alarms(tempered=False) >= 30
    assert false_alarms(tempered=True) <= 2


def test_tempered_evidence_still_finds_a_release_that_fails():
    wealth, world = Wealth(on_errors()), World(1, rate=RATE, weight=25, new=1.0)
    for each in world.blocks(3):
        counts = [(side.requests - side.errors, side.errors) for side in (each.candidate, each.reference)]
        wealth.block(*counts, of_comparison(40.0, 25))
    assert wealth.reached(0.005)
