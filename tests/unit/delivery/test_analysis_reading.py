"""What an analysis reads, how often, and what gateways that come and go do to it."""

import dataclasses

import pytest
from tests.unit.delivery.analysing import SLO, Patient, analyse, begin, canary, window
from tests.unit.delivery.simulation import Simulation, envoy

from delivery.counters import sources


def test_a_gateway_that_restarts_makes_no_errors():
    simulation = canary()
    simulation.at(3, simulation.restart_gateway)
    assert analyse(simulation).successful


def test_one_gateway_of_several_may_leave():
    simulation = canary(gateways=("g1", "g2", "g3"))
    simulation.at(3, lambda: simulation.gateways.remove("g2"))
    judgement = analyse(simulation)
    assert judgement.successful, judgement.reason


def test_the_judge_is_asked_once_a_scrape():
    judge = Patient()
    analyse(canary(), judge=judge, deadline=20)
    ends = [evidence.blocks[-1].until for evidence in judge.shown if evidence.blocks]
    assert ends == sorted(set(ends))
    assert 38 <= len(ends) <= 42


def test_whoever_resumes_knows_what_the_dead_release_knew():
    judge, other, simulation = Patient(), Patient(), canary(errors=0.05)
    step = window(simulation, deadline=10)
    begin(simulation, judge).run(step)
    begin(simulation, other).run(dataclasses.replace(step, deadline=0.1))
    known = judge.shown[-1].blocks
    assert len(known) > 15
    assert other.shown[-1].blocks[: len(known)] == known
    assert other.shown[-1].baseline == judge.shown[-1].baseline


def test_both_sides_come_from_one_query():
    simulation = canary()
    judgement = analyse(simulation)
    assert judgement.query in simulation.queries
    assert all(query.startswith(sources.Selection("shop", "order").selector) for query in simulation.queries)


def test_only_what_is_new_is_read_again():
    simulation = canary()
    analyse(simulation)
    spans = [int(query.split("[")[-1].removesuffix("ms]")) for query in simulation.queries]
    assert spans[0] > 30_000
    assert max(spans[1:]) < 5_000


def test_what_was_read_before_the_first_user_is_not_read_again():
    simulation = canary()
    analysis = begin(simulation)
    analysis.prepare(probed=simulation.now() + 0.7)
    assert simulation.points[next(iter(simulation.points))][-1][0] > simulation.now() - 1
    prepared = len(simulation.queries)
    analysis.run(window(simulation))
    spans = [int(query.split("[")[-1].removesuffix("ms]")) for query in simulation.queries[prepared:]]
    assert max(spans) < 5_000


def test_preparing_does_not_wait_for_a_prometheus_that_is_away():
    simulation = canary()
    simulation.away = True
    before = simulation.time
    begin(simulation).prepare(probed=simulation.now())
    assert simulation.time == before


def test_preparing_does_not_wait_for_scrapes_that_do_not_come():
    simulation = canary()
    simulation.scraping = False
    before = simulation.time
    begin(simulation).prepare(probed=simulation.now() + 0.2)
    assert 0 < simulation.time - before < 10


def test_a_switch_is_prepared_until_there_is_enough_to_compare_with():
    simulation = Simulation(**{"": (200, 0.0, 0.0)})
    steady = simulation.now() - 5
    begin(simulation).prepare(simulation.now(), steady)
    assert simulation.now() - steady >= SLO.analysis.baseline_seconds


def test_users_that_came_a_moment_ago_are_watched_before_a_switch_as_long_as_others():
    simulation = Simulation(**{"": (0, 0.0, 0.0)})
    came = simulation.time
    simulation.traffic = {"": (200, 0.0, 0.0)}
    simulation.skip(3)
    begin(simulation).prepare(simulation.now(), steady=0.0)
    assert simulation.time - came >= SLO.analysis.baseline_seconds


def test_users_that_were_there_all_along_need_not_be_waited_for():
    simulation = Simulation(**{"": (200, 0.0, 0.0)})
    simulation.skip(SLO.analysis.baseline_seconds)
    before = simulation.time
    begin(simulation).prepare(simulation.now(), steady=0.0)
    assert simulation.time - before < 3


def test_whoever_watches_is_told_what_is_new_and_may_end_it():
    told, looks = [], []

    class EndedError(Exception):
        """Somebody else has the release now."""

    def watch():
        looks.append(1)
        if len(looks) > 30:
            raise EndedError

    simulation = canary(rate=2)
    with pytest.raises(EndedError):
        begin(simulation).run(window(simulation), watch, told.append)
    assert len(told) == len({finding.reason for finding in told}) > 1


def test_series_of_other_services_change_nothing():
    alone, beside = Patient(), Patient()
    analyse(canary(errors=0.1), judge=alone, deadline=5)
    simulation = canary(errors=0.1)
    for number, other in enumerate((envoy("canary", service="user"), envoy("canary", namespace="other"))):
        key = tuple({**other, "__name__": sources.ENVOY_REQUESTS, "envoy_response_code": "500"}.items())
        simulation.values["g1", key] = 1000 * number
        simulation.at(2, lambda key=key: simulation.values.update({("g1", key): 5000}))
    analyse(simulation, judge=beside, deadline=5)
    assert [evidence.blocks for evidence in beside.shown] == [evidence.blocks for evidence in alone.shown]
