"""Errors in bursts: seen in the baseline, and worth so many times less."""

import numpy as np
import pytest
from tests.unit.delivery.judge.worlds import World

from delivery.judge.bets import on_errors
from delivery.judge.harm import Wealth
from delivery.judge.tempering import canary_sized, dispersion

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


def test_a_canary_meets_its_share_of_a_burst():
    assert canary_sized(21.0, 10) == pytest.approx(3.0)
    assert canary_sized(21.0, 100) == pytest.approx(21.0)
    assert canary_sized(1.0, 50) == canary_sized(0.5, 50) == 1.0


def test_thinned_counts_have_the_dispersion_that_is_reckoned_with():
    chance = np.random.default_rng(3)
    whole = np.array(failures(chance, 4000, RATE))
    thinned = chance.binomial(whole, 0.1)
    expected = canary_sized(float(np.var(whole) / np.mean(whole)), 10)
    assert float(np.var(thinned) / np.mean(thinned)) == pytest.approx(expected, rel=0.15)


def false_alarms(tempered, releases=60, seconds=120, weight=25):
    alarms = 0
    for seed in range(releases):
        chance = np.random.default_rng(seed)
        measured = dispersion(failures(chance, 300, RATE), [RATE] * 300) if tempered else 1.0
        wealth, new = Wealth(on_errors()), RATE * weight // 100
        pairs = zip(failures(chance, seconds, new), failures(chance, seconds, RATE - new), strict=True)
        for bad, old_bad in pairs:
            counts = (new - bad, bad), (RATE - new - old_bad, old_bad)
            wealth.block(*counts, canary_sized(measured, weight))
        alarms += wealth.reached(0.005)
    return alarms


def test_a_burst_of_its_own_rolls_back_a_sound_release_unless_it_is_tempered():
    assert false_alarms(tempered=False) >= 30
    assert false_alarms(tempered=True) <= 2


def test_tempered_evidence_still_finds_a_release_that_fails():
    wealth, world = Wealth(on_errors()), World(1, rate=RATE, weight=25, new=1.0)
    for each in world.blocks(3):
        counts = [(side.requests - side.errors, side.errors) for side in (each.candidate, each.reference)]
        wealth.block(*counts, canary_sized(40.0, 25))
    assert wealth.reached(0.005)
