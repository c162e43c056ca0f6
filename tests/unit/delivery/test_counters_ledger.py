"""What each series counts, and counting from counters: resets, gaps, new series, gateways that come and go."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.delivery.simulation import envoy

from cluster.prometheus import Series
from delivery.counters.ledger import Ledger
from delivery.counters.sources import (
    ENVOY_REQUESTS,
    ENVOY_TIMES,
    GATEWAY,
    ISTIO_REQUESTS,
    ISTIO_TIMES,
    NOBODY,
    Selection,
    Source,
)
from delivery.counters.tally import Tally, total

SELECTION = Selection("shop", "order")


def requests(track, code, *points, **where):
    return Series(envoy(track, **where, __name__=ENVOY_REQUESTS, envoy_response_code=code), tuple(points))


def times(track, le, *points, **where):
    return Series(envoy(track, **where, __name__=ENVOY_TIMES, le=le), tuple(points))


def istio(workload, *points, name=ISTIO_REQUESTS, **labels):
    place = {"destination_service_name": "order", "destination_service_namespace": "shop", "instance": "g1"}
    who = {"reporter": "source", "source_workload": GATEWAY, "destination_workload": workload, "job": "gateway"}
    kind = {"response_code": "200"} if name == ISTIO_REQUESTS else {"le": "250"}
    return Series({"__name__": name, **place, **who, **kind, **labels}, tuple(points))


def ledger_of(*portions):
    ledger = Ledger(SELECTION)
    for portion in portions:
        ledger.feed(portion)
    return ledger


def counted(*series, track="canary"):
    return total(increase.of([track]) for increase in ledger_of(series).increases)


# What a series counts


@pytest.mark.parametrize("track", ["stable", "canary", ""])
def test_envoys_cluster_names_the_track(track):
    found = SELECTION.counted(requests(track, "503").labels)
    assert (found.source, found.track, found.code, found.bound) == (Source.ENVOY, track, "503", None)


@pytest.mark.parametrize(
    ("workload", "track"), [("order", "stable"), ("order-canary", "canary"), ("unknown", NOBODY), ("", NOBODY)]
)
def test_istios_workload_names_the_track(workload, track):
    found = SELECTION.counted(istio(workload).labels)
    assert (found.source, found.track, found.code) == (Source.ISTIO, track, "200")


def test_bounds_are_in_seconds():
    assert SELECTION.counted(times("canary", "250").labels).bound == 0.25
    assert SELECTION.counted(istio("order", name=ISTIO_TIMES, le="2500.0").labels).bound == 2.5
    assert SELECTION.counted(times("canary", "+Inf").labels).bound == math.inf


@pytest.mark.parametrize(
    "labels",
    [
        requests("canary", "500", service="user").labels,
        requests("canary", "500", service="order-preview").labels,
        requests("canary", "500", service="my-order").labels,
        requests("canary", "500", namespace="other").labels,
        {
            **requests("canary", "500").labels,
            "envoy_cluster_name": "outbound|80|canary|order.shop.svc.cluster.local~mesh",
        },
        {**requests("canary", "500").labels, "envoy_response_code": ""},
        istio("order", destination_service_name="user").labels,
        istio("order", destination_service_namespace="other").labels,
        istio("order", reporter="destination").labels,
        istio("order", source_workload="user").labels,
        {"__name__": ENVOY_REQUESTS, "cluster_name": "outbound|8080|canary|order.shop.svc.cluster.local"},
        {"__name__": "up", "instance": "g1"},
    ],
)
def test_what_is_of_another_place_or_a_sum_is_not_counted(labels):
    assert SELECTION.counted(labels) is None


def test_requests_of_a_class_of_codes_are_not_counted_twice():
    labels = envoy("canary", __name__=ENVOY_REQUESTS, envoy_response_code_class="5xx")
    whole = Series(labels, ((9.5, 0), (11.0, 7)))
    assert counted(requests("canary", "500", (9.5, 0), (11.0, 7)), whole) == Tally(7, 7)


def test_where_both_sources_are_there_istios_counts():
    both = [requests("canary", "200", (9.5, 0), (11.0, 7)), istio("order-canary", (9.5, 0), (11.0, 7))]
    assert counted(*both).requests == 7
    assert counted(*reversed(both)).requests == 7


def test_a_gateway_that_two_jobs_scrape_counts_once():
    series = [
        requests("canary", "200", (9.5 + late, 0), (11.0 + late, 7), job=job) for late, job in ((0, "a"), (0.3, "b"))
    ]
    assert counted(*series).requests == 7


def test_series_that_differ_in_other_labels_add_up():
    series = [istio("order-canary", (9.5, 0), (11.0, 7), response_flags=flags) for flags in ("-", "UF")]
    assert counted(*series).requests == 14


# Counting


def test_sides_are_kept_apart():
    series = [requests(track, "200", (9.5, 0), (11.0, n)) for track, n in (("canary", 3), ("stable", 40))]
    assert counted(*series).requests == 3
    assert counted(*series, track="stable").requests == 40


def test_only_server_errors_are_errors():
    codes = (("200", 5), ("404", 7), ("500", 11), ("503", 13))
    assert counted(*[requests("canary", code, (9.5, 0), (11.0, number)) for code, number in codes]) == Tally(36, 24)


def test_one_scrape_is_one_moment():
    series = [requests("canary", "200", (9.5, 0), (10.0, 3), (10.5, 9)), times("canary", "+Inf", (9.5, 0), (10.5, 8))]
    found = [(each.since, each.until, each.of(["canary"])) for each in ledger_of(series).increases]
    assert found == [(9.5, 10.0, Tally(3)), (10.0, 10.5, Tally(6, 0, {math.inf: 8}))]


def test_a_counter_that_was_reset_loses_nothing_it_still_knows():
    assert counted(requests("canary", "200", (9.5, 90), (10.5, 95), (11.0, 4), (11.5, 6))).requests == 11


def test_if_the_gateway_began_anew_all_its_counters_did():
    series = [requests("stable", "200", (9.5, 900), (10.5, 50)), requests("canary", "500", (9.5, 5), (10.5, 7))]
    assert counted(*series) == Tally(7, 7)


def test_a_counter_that_was_away_began_anew():
    stable = requests("stable", "200", (9.5, 100), (10.0, 150), (10.5, 200))
    assert counted(stable, requests("canary", "500", (9.5, 5), (10.5, 6))) == Tally(6, 6)


def test_a_series_that_appears_counts_from_zero_at_a_gateway_that_is_known():
    stable = requests("stable", "200", (9.5, 100), (11.0, 110))
    assert counted(stable, requests("canary", "500", (11.0, 3))) == Tally(3, 3)


def test_of_a_gateway_that_is_new_the_first_scrape_is_only_what_to_count_from():
    stable = requests("stable", "200", (9.5, 100), (11.0, 110))
    series = [stable, requests("canary", "500", (11.0, 30), (11.5, 32), gateway="g2")]
    assert counted(*series) == Tally(2, 2)


def test_a_gateway_that_leaves_takes_nothing_away():
    series = [requests("canary", "200", (9.5, 50), (10.5, 60), (11.5, 65))]
    series += [requests("canary", "200", (9.7, 80), (10.7, 90), gateway="g2")]
    assert counted(*series).requests == 25


def test_gateways_that_are_scraped_at_other_times_are_counted_on_their_own():
    series = [requests("canary", "200", (9.5, 0), (10.5, 1), (11.5, 3))]
    series += [requests("canary", "200", (9.9, 0), (10.9, 10), gateway="g2")]
    found = [(each.gateway, each.until, each.of(None).requests) for each in ledger_of(series).increases]
    assert found == [("g1", 10.5, 1), ("g2", 10.9, 10), ("g1", 11.5, 2)]


def test_a_value_that_is_no_number_says_nothing():
    stable = requests("stable", "200", (9.5, 100), (10.5, 110), (11.0, 120))
    assert counted(stable, requests("canary", "200", (9.5, 4), (10.5, math.nan), (11.0, 7))).requests == 3


def test_a_scrape_that_comes_late_from_another_gateway_still_counts():
    late = [requests("canary", "200", (9.4, 0), (10.4, 9), gateway="g2")]
    ledger = ledger_of([requests("canary", "200", (9.5, 0), (10.5, 1))], late)
    assert total(each.of(None) for each in ledger.increases).requests == 10
    assert ledger.newest == 10.5


def test_times_are_sorted_into_classes():
    tally = Tally(10, 0, {0.1: 2, 0.25: 7, 0.5: 9, math.inf: 10})
    assert tally.side((0.1, 0.25)).timed == (2, 5, 3)
    assert tally.side((0.1, 0.25), times=False).timed == ()
    assert Tally(10).side((0.1, 0.25)).timed == ()


increments = st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=30)


@settings(deadline=None)
@given(increments, st.data())
def test_portions_and_overlaps_change_nothing(steps, data):
    points, value = [(9.5, 1000)], 1000
    for number, (growth, reset) in enumerate(steps):
        value = (0 if reset else value) + growth
        points.append((10.5 + number, value))
    portions, cut = [], 0
    while cut < len(points):
        start = max(0, cut - data.draw(st.integers(0, 3)))
        cut += data.draw(st.integers(1, 5))
        portions.append([requests("canary", "200", *points[start:cut])])
    whole = ledger_of([requests("canary", "200", *points)])
    assert ledger_of(*portions).increases == whole.increases
    assert len(whole.increases) == len(steps)
