"""The traffic of a service: its rate since it came, the interval of the scrapes, and when there is none."""

import pytest
from tests.unit.delivery.simulation import envoy

from cluster.errors import PrometheusError
from cluster.prometheus import Series
from delivery.counters.sources import ENVOY_REQUESTS, ENVOY_TIMES
from delivery.errors import DeliveryError
from delivery.planning import traffic
from delivery.planning.traffic import ENOUGH, Traffic, measure

PATIENCE = 10.0


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    monkeypatch.setattr(traffic, "PATIENCE", PATIENCE)


def counter(rate, begins=0.0, until=30.0, scrape=1.0, code="200", resets=()):
    """Return a counter that grows by so much a second from a moment on."""
    points, value = [], 0.0
    for number in range(1, round(until / scrape) + 1):
        now = number * scrape
        value = 0.0 if now in resets else value
        value += rate * min(scrape, max(0.0, now - begins))
        points.append((now, value))
    return Series(answered(code), tuple(points))


def answered(code="200", gateway="g1"):
    return envoy("stable", gateway=gateway, __name__=ENVOY_REQUESTS, envoy_response_code=code)


class Told:
    """A Prometheus that knows more each time it is asked."""

    def __init__(self, *answers):
        self.answers, self.asked, self.slept = list(answers), [], 0.0

    def points(self, query):
        self.asked.append(query)
        return self.answers[min(len(self.asked), len(self.answers)) - 1]

    def sleep(self, seconds):
        self.slept += seconds

    def measure(self):
        return measure(self, "shop", "order", clock=lambda: self.slept, sleep=self.sleep)


@pytest.mark.parametrize("scrape", [0.5, 1.0, 5.0])
def test_rate_errors_and_interval_are_measured(scrape):
    told = Told([counter(190, scrape=scrape), counter(10, scrape=scrape, code="503")])
    found = told.measure()
    assert (found.rate, found.scrape, found.errors) == pytest.approx((200, scrape, 0.05))
    assert told.slept == 0


def test_what_a_canary_failed_a_moment_ago_is_not_what_is_usual():
    """A release that begins right after one that was rolled back must not be refused for the failures of that one."""
    canary = Series(envoy("canary", __name__=ENVOY_REQUESTS, envoy_response_code="500"), counter(20).points)
    found = Told([counter(179), counter(1, code="503"), canary]).measure()
    assert (found.rate, found.errors) == pytest.approx((200, 1 / 180))


def test_what_was_before_the_service_was_as_usual_does_not_count():
    """Five seconds ago all of its users were still on a bad release."""
    bad = Series(answered("500"), tuple((float(time), 40.0 * min(time, 25)) for time in range(1, 31)))
    told = Told([counter(200), bad])
    assert told.measure().errors > 0.1
    found = measure(told, "shop", "order", 25.0, lambda: told.slept, told.sleep)
    assert (found.rate, found.errors) == pytest.approx((200, 0.0))


@pytest.mark.parametrize("begins", [21.0, 22.4, 24.0])
def test_a_pause_after_the_last_release_does_not_thin_the_traffic(begins):
    """Users of the release before, then a pause too short for a silence, then users for this one."""
    values = [(float(time), 200.0 * min(time, 18) + 200 * max(0.0, time - begins)) for time in range(1, 31)]
    told = Told([Series(answered(), tuple(values))])
    found = measure(told, "shop", "order", 19.5, lambda: told.slept, told.sleep)
    assert found.rate == pytest.approx(200)


def test_several_gateways_add_up_though_they_are_scraped_at_other_times():
    shifted = Series(answered(gateway="g2"), tuple((time + 0.4, value) for time, value in counter(60).points))
    found = Told([counter(140), shifted]).measure()
    assert found.rate == pytest.approx(200, rel=0.05)
    assert found.scrape == pytest.approx(1)


def test_traffic_that_came_a_moment_ago_is_not_taken_for_less():
    found = Told([counter(200, begins=24.3)]).measure()
    assert found.rate == pytest.approx(200)


@pytest.mark.parametrize("pause", [1.5, 2.0, 3.5, 4.5])
def test_a_pause_in_dense_traffic_is_a_silence(pause):
    """As between two drills: what came before it may count or not, but nobody counts the pause."""
    values = [(time / 2, 100.0 * min(time / 2, 20) + 200 * max(0.0, time / 2 - 20 - pause)) for time in range(61)]
    assert Told([Series(answered(), tuple(values))]).measure().rate == pytest.approx(200)


def test_bursts_between_silences_are_traffic_too():
    values = [(float(time), 200.0 * ((time + 1) // 3)) for time in range(30)]
    assert Told([Series(answered(), tuple(values))]).measure().rate == pytest.approx(200 / 3, rel=0.1)


def test_traffic_that_just_begins_is_waited_for():
    told = Told([], [counter(200, begins=29.5)], [counter(200, begins=29.5, until=31 + ENOUGH)])
    assert told.measure().rate == pytest.approx(200)
    assert len(told.asked) == 3


def test_a_pause_of_a_few_scrapes_is_part_of_thin_traffic():
    slow = Series(answered(), tuple((float(time), float(time // 3)) for time in range(30)))
    assert Told([slow]).measure().rate == pytest.approx(1 / 3, rel=0.1)


def test_times_and_other_services_are_no_requests_of_it():
    times = Series(envoy("stable", __name__=ENVOY_TIMES, le="250"), counter(999).points)
    other = Series(envoy("stable", "user", __name__=ENVOY_REQUESTS, envoy_response_code="200"), counter(999).points)
    assert Told([counter(200), times, other]).measure().rate == pytest.approx(200)


def test_a_counter_that_began_anew_is_no_negative_traffic():
    assert Told([counter(200, resets=(12.0,))]).measure().rate == pytest.approx(200)


@pytest.mark.parametrize("answer", [[], [counter(0)], [counter(0, until=1)]])
def test_without_traffic_no_release_can_be_judged(answer):
    told = Told(answer)
    with pytest.raises(DeliveryError, match="counted no request of order in the last 30 s"):
        told.measure()
    assert told.slept >= PATIENCE


def test_a_prometheus_that_is_away_is_its_own_trouble():
    class Away:
        def points(self, query):
            raise PrometheusError("away")

    with pytest.raises(PrometheusError, match="away"):
        measure(Away(), "shop", "order")


@pytest.mark.parametrize(("rate", "look"), [(200, 1), (25, 1), (24, 2), (5, 5), (0.5, 50)])
def test_a_look_takes_as_many_scrapes_as_bring_a_block(rate, look):
    assert Traffic(rate, 1.0, 0.0).look == look
