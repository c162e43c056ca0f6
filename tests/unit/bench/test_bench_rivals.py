"""The models of other policies decide on hand-made series as the code they model does."""

import math

import numpy as np
import pytest

from bench.rivals.argo import Argo
from bench.rivals.flagger import Flagger
from bench.rivals.policy import Watched
from bench.rivals.ztest import ZTest, score
from bench.simulation.times import BOUNDS_MS

SOUND, FAILING = (100, 0), (0, 100)


def watched(*seconds):
    """Return a release of seconds of (good, failed) requests, beside a stable version that fails none."""
    return Watched(np.array(seconds), np.array([(100, 0)] * len(seconds)))


def timed(milliseconds, requests=100, seconds=60):
    """Return a release all of whose requests fall into the class up to a bound."""
    row = [0] * (len(BOUNDS_MS) + 2)
    row[BOUNDS_MS.index(milliseconds)] = requests
    return Watched(np.array([row] * seconds), np.array([row] * seconds))


def test_flagger_rolls_back_one_interval_after_the_last_check_it_bears():
    release = watched(*[(90, 10)] * 600)
    assert Flagger(60, 5).rolled_back(release) == 360
    assert Flagger(10, 2, window=10).rolled_back(release) == 30
    assert Flagger(10, 1).rolled_back(release) == 20


def test_flagger_adds_up_failed_checks_with_good_ones_between_them():
    release = watched(*[(90, 10)] * 10, *[SOUND] * 30, *[(90, 10)] * 10, *[SOUND] * 20)
    assert Flagger(10, 2, window=10).rolled_back(release) == 60


def test_flagger_bears_what_keeps_its_threshold():
    assert Flagger(10, 1).rolled_back(watched(*[(99, 1)] * 100)) is None


@pytest.mark.parametrize("release", [watched(*[FAILING] * 60), watched(*[(0, 0)] * 60)], ids=["all fail", "nothing"])
def test_flagger_fails_a_check_without_a_value(release):
    assert release.success_percent(30, 10) is None
    assert not Flagger().passes(release, 30)


def test_flagger_looks_at_the_99th_percentile():
    assert Flagger().passes(timed(400), 60)
    assert not Flagger().passes(timed(600), 60)


def test_argo_fails_with_the_first_measurement_beyond_its_limit():
    release = watched(*[(90, 10)] * 600)
    assert Argo(delay=60).rolled_back(release) == 60
    assert Argo(delay=60, failure_limit=3).rolled_back(release) == 240


def test_argo_tries_again_after_ten_seconds_where_there_is_nothing_yet():
    assert Argo().passes(watched(*[(90, 10)] * 60), 0) is None
    assert Argo().rolled_back(watched(*[(90, 10)] * 60)) == 10


def test_argo_gives_up_after_five_errors_in_a_row():
    assert Argo().rolled_back(watched(*[FAILING] * 60)) == 40
    assert Argo(delay=60).rolled_back(watched(*[FAILING] * 120)) == 100


def test_argo_takes_a_window_without_requests_for_a_failure():
    release = watched(*[SOUND] * 10, *[(0, 0)] * 120)
    assert math.isnan(release.success_percent(100, 60))
    assert Argo(delay=100).rolled_back(release) == 100


def test_argo_bears_a_canary_at_its_threshold():
    assert Argo().rolled_back(watched(*[(95, 5)] * 300)) is None


def test_a_quantile_is_interpolated_within_its_class():
    # All between 20 and 25 ms: the 99th percentile lies 99 hundredths of the way.
    assert timed(25).quantile_ms(0.99, 60, 60) == pytest.approx(20 + 5 * 0.99)


def test_the_z_test_is_the_textbook_one():
    # 10 of 100 beside 0 of 100: pooled 0.05, deviation sqrt(0.05 * 0.95 * 2 / 100).
    assert score(np.array([[90, 10]]), np.array([[100, 0]]))[0] == pytest.approx(0.1 / math.sqrt(0.05 * 0.95 * 0.02))


def test_the_z_test_rolls_back_at_the_first_second_beyond_its_limit():
    release = watched(*[SOUND] * 3, *[(90, 10)] * 5)
    assert ZTest().rolled_back(release) == 4
    assert ZTest().rolled_back(watched(*[SOUND] * 8)) is None
