"""Pods are scaled, or lost, in the middle of a release: users find as many as they leave, and go back to somebody."""

import threading

import pytest
from tests.unit.delivery.shop import DEPLOYMENTS, SERVICES, VIRTUAL_SERVICES

from delivery import capacity
from delivery.rollout import Rollout


def replicas(shop, name):
    return shop.object(DEPLOYMENTS, name)["spec"]["replicas"]


def scale(cluster, name, number):
    cluster.deployments.patch(name, {"spec": {"replicas": number}})


def watched(shop, *, old, new):
    """Return, for each change of the weights, how many pods both sides had just then."""
    seen, react = [], shop.api.react

    def watch(api, method, path):
        react(api, method, path)
        if method == "PATCH" and path.startswith(VIRTUAL_SERVICES):
            seen.append((shop.weights()["canary"], replicas(shop, old), replicas(shop, new)))

    shop.api.react = watch
    return seen


@pytest.fixture
def canary(canary_shop):
    shop, cluster = canary_shop
    rollout = Rollout(cluster, "order")
    rollout.start("order:v2")
    return shop, cluster, rollout


def test_a_canary_grows_with_the_stable_version_before_it_gets_more_users(canary):
    shop, cluster, rollout = canary
    seen = watched(shop, old="order", new="order-canary")
    rollout.shift(canary=10)
    scale(cluster, "order", 5)
    rollout.shift(canary=50)
    assert seen == [(10, 2, 2), (50, 5, 5)]


def test_all_users_find_as_many_pods_on_the_canary_as_they_leave(canary):
    shop, cluster, rollout = canary
    rollout.shift(canary=10)
    scale(cluster, "order", 5)
    seen = watched(shop, old="order", new="order-canary")
    rollout.promote()
    assert seen == [(100, 5, 5), (0, 5, 5)]
    assert replicas(shop, "order") == 5


def test_a_stable_version_that_shrank_without_users_grows_before_they_come_back(canary):
    shop, cluster, rollout = canary
    rollout.shift(canary=50)
    scale(cluster, "order", 1)
    seen = watched(shop, old="order", new="order-canary")
    rollout.promote()
    assert seen[-1] == (0, 2, 2)


def test_on_the_way_back_pods_are_asked_for_and_nobody_waits(canary):
    shop, cluster, rollout = canary
    rollout.shift(canary=50)
    scale(cluster, "order", 1)
    seen = watched(shop, old="order", new="order-canary")
    rollout.abort()
    assert seen == [(0, 2, 2)]


def test_pods_are_never_taken_away(canary):
    shop, cluster, rollout = canary
    scale(cluster, "order-canary", 7)
    rollout.shift(canary=10)
    assert (replicas(shop, "order"), replicas(shop, "order-canary")) == (2, 7)


def test_blue_green_switches_to_as_many_pods_as_it_leaves(blue_green_shop):
    shop, cluster = blue_green_shop
    rollout = Rollout(cluster, "order", strategy="blue-green")
    rollout.start("order:v2")
    scale(cluster, "order-blue", 5)
    rollout.switch()
    assert replicas(shop, "order-green") == 5


def test_nobody_is_sent_back_to_where_nobody_is(blue_green_shop, monkeypatch):
    monkeypatch.setattr(capacity, "RETURN_DEADLINE", 10.0)
    shop, cluster = blue_green_shop
    rollout = Rollout(cluster, "order", strategy="blue-green")
    rollout.start("order:v2")
    rollout.switch()
    shop.unready["order-blue"] = "ContainerCreating"
    shop.control()
    thread = threading.Thread(target=rollout.abort)
    thread.start()
    thread.join(0.5)
    assert shop.object(SERVICES, "order")["spec"]["selector"]["version"] == "v2"
    del shop.unready["order-blue"]
    scale(cluster, "order-blue", 2)
    thread.join(10)
    assert shop.object(SERVICES, "order")["spec"]["selector"]["version"] == "v1"


def test_an_old_version_that_never_comes_gets_its_users_all_the_same(canary):
    shop, _cluster, rollout = canary
    rollout.shift(canary=50)
    shop.unready["order"] = "ContainerCreating"
    shop.control()
    rollout.abort()
    assert shop.weights() == {"stable": 100, "canary": 0}
