"""A release with its plan: resolved before anything is changed, and written down for whoever resumes it."""

import time

import pytest
from tests.unit.delivery.shop import SERVICES, steady

from delivery.errors import DeliveryError
from delivery.journal.store import open_release
from delivery.judgement import Verdict
from delivery.planning.plan import ANNOTATION as PLAN
from delivery.planning.plan import Plan
from delivery.planning.ramp import Ramp
from delivery.rollout import Rollout


@pytest.fixture
def shop(canary_shop):
    return canary_shop[0]


@pytest.fixture
def cluster(canary_shop):
    return canary_shop[1]


@pytest.fixture
def steps():
    return []


@pytest.fixture
def rollout(cluster, steps):
    return Rollout(cluster, "order", on_step=steps.append)


def test_the_weights_follow_from_the_traffic_and_are_written_down(cluster, rollout, steps):
    with pytest.raises(DeliveryError, match="no release of order has been started"):
        _ = rollout.weights
    rollout.start("order:v2")
    assert rollout.weights == (2, 4, 10, 22, 50)
    assert Ramp.of(open_release(cluster, "order").ramp).weights == rollout.weights
    told = steps[0].details
    assert (steps[0].name, told["weights"], told["requests_per_second"]) == ("plan", [2, 4, 10, 22, 50], 200)
    assert len(told["discoveries"]) == 3


def test_the_services_own_plan_counts_unless_another_is_given(shop, cluster):
    shop.object(SERVICES, "order")["metadata"]["annotations"] = {PLAN: "weights: [7, 40]"}
    rollout = Rollout(cluster, "order")
    rollout.start("order:v2")
    assert rollout.weights == (7, 40)
    rollout.abort()
    other = Rollout(cluster, "order", plan=Plan(weights=(9, 40)))
    other.start("order:v2")
    assert other.weights == (9, 40)


@pytest.mark.parametrize(
    ("plan", "rate", "said"),
    [("last: 0", 200, "last: input should be"), ("", 0, "counted no request of order"), ("", 5, "cannot end well")],
)
def test_a_release_that_cannot_end_well_changes_nothing(shop, cluster, plan, rate, said):
    shop.object(SERVICES, "order")["metadata"]["annotations"] = {PLAN: plan}
    shop.api.ask_prometheus = lambda _query: steady(time.time(), rate)
    with pytest.raises(DeliveryError, match=said):
        Rollout(cluster, "order").start("order:v2")
    assert shop.api.writes() == []


def test_users_wait_no_longer_than_the_plan_allows(shop, cluster, always, traffic):
    shop.api.ask_prometheus = traffic
    rollout = Rollout(
        cluster, "order", judge=always(Verdict.INCONCLUSIVE), plan=Plan(deadline_seconds=0.3, weights=(50,))
    )
    with pytest.raises(DeliveryError, match=r"a step has 0\.3 s"):
        rollout.start("order:v2")
    assert shop.api.writes() == []
