"""Counting from counters: resets, gaps, new series, overlaps, and what nobody can know."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.prometheus import Series
from delivery.counters.ledger import BUCKETS, LOOKBACK, REQUESTS, Counts, Ledger

THRESHOLD = 0.25


def requests(track, code, *points):
    return Series({"__name__": REQUESTS, "track": track, "code": code}, tuple(points))


def bucket(track, le, *points):
    return Series({"__name__": BUCKETS, "track": track, "le": le}, tuple(points))


def count(series, since=10.0, until=None, tracks=("canary",)):
    ledger = Ledger(since, until)
    ledger.feed(series)
    return ledger.counts(tracks, THRESHOLD)


def test_only_what_came_after_counts():
    assert count([requests("canary", "200", (9.0, 50), (10.0, 60), (10.5, 65), (11.0, 80))]).requests == 20


def test_only_server_errors_are_errors():
    series = [
        requests("canary", code, (9.5, 0), (11.0, number))
        for code, number in (("200", 5), ("404", 7), ("500", 11), ("503", 13))
    ]
    assert count(series) == Counts(requests=36, errors=24)


def test_sides_are_kept_apart():
    series = [requests(track, "200", (9.5, 0), (11.0, n)) for track, n in (("canary", 3), ("stable", 40))]
    assert count(series).requests == 3
    assert count(series, tracks=("stable",)).requests == 40
    assert count(series, tracks=None).requests == 43


def test_a_counter_that_was_reset_loses_nothing_it_still_knows():
    assert count([requests("canary", "200", (9.5, 90), (10.5, 95), (11.0, 4), (11.5, 6))]).requests == 11


def test_a_series_that_appears_counts_from_zero_where_others_were_already_there():
    known = requests("stable", "200", (9.5, 100), (11.0, 110))
    assert count([known, requests("canary", "500", (11.0, 3))]).errors == 3


def test_where_nothing_was_there_before_the_first_value_is_the_start():
    assert count([requests("canary", "500", (11.0, 3), (11.5, 5))]).errors == 2


def test_data_from_long_ago_do_not_vouch_for_the_start():
    old = requests("stable", "200", (10.0 - LOOKBACK - 1, 100))
    assert count([old, requests("canary", "500", (11.0, 3), (11.5, 5))]).errors == 2


def test_a_window_that_ended_takes_nothing_from_later():
    series = [requests("stable", "200", (9.5, 0), (11.0, 10), (12.0, 30), (12.5, 90))]
    assert count(series, until=12.0, tracks=None).requests == 30


def test_slow_is_what_the_bucket_of_the_threshold_leaves_out():
    series = [bucket("canary", le, (9.5, 0), (11.0, n)) for le, n in (("0.1", 2), ("0.25", 8), ("+Inf", 10))]
    found = count(series)
    assert (found.timed, found.slow, found.slow_share) == (10, 2, 0.2)


def test_a_threshold_that_is_no_bound_is_no_answer():
    assert count([bucket("canary", le, (9.5, 0), (11.0, 5)) for le in ("0.1", "0.5", "+Inf")]) is None


def test_values_that_are_no_numbers_are_passed_over():
    series = [requests("canary", "200", (9.5, 0), (10.5, float("nan")), (11.0, 7))]
    assert count(series).requests == 7


def test_it_tells_whether_anything_is_new():
    ledger = Ledger(10.0)
    series = [requests("canary", "200", (9.5, 0), (11.0, 7))]
    assert ledger.feed([]) is False
    assert ledger.feed(series) is True
    assert ledger.feed(series) is False
    assert ledger.seconds == 1.0


increments = st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=30)


@settings(deadline=None)
@given(increments, st.data())
def test_portions_and_overlaps_change_nothing(steps, data):
    points, value, total = [(9.5, 1000)], 1000, 0
    for number, (growth, reset) in enumerate(steps):
        if reset and growth < value:
            value = 0
        value += growth
        points.append((10.5 + number, value))
    previous = points[0][1]
    for _time, value in points[1:]:
        total += value - previous if value >= previous else value
        previous = value
    whole = Ledger(10.0)
    whole.feed([requests("canary", "200", *points)])
    ledger, cut = Ledger(10.0), 0
    while cut < len(points):
        start = max(0, cut - data.draw(st.integers(0, 3)))
        cut += data.draw(st.integers(1, 5))
        ledger.feed([requests("canary", "200", *points[start:cut])])
    assert ledger.counts(["canary"], THRESHOLD) == whole.counts(["canary"], THRESHOLD) == Counts(requests=total)


@pytest.mark.parametrize("resets", [False, True])
def test_a_restarted_gateway_does_not_make_errors(resets):
    points = [(9.5, 5), (10.5, 0 if resets else 5), (11.0, 0 if resets else 5)]
    assert count([requests("canary", "500", *points)]).errors == 0
