"""Since when a service is as it usually is: after the last release, and with the pods that it has now."""

import time

import pytest
from tests.unit.delivery.shop import PODS

from delivery.planning.steady import steady_since
from delivery.rollout import Rollout

BEGAN, LATER = "2026-01-01T00:00:10Z", "2026-01-01T00:05:00Z"
EPOCH = 1767225600.0


@pytest.fixture
def release(canary_shop):
    _shop, cluster = canary_shop
    return Rollout(cluster, "order").intent("order:v2")


def begin_pods(shop, *times, **metadata):
    for number, started in enumerate(times):
        path = f"{PODS}/order-{number}"
        body = shop.api.objects[path]
        meta = {**body["metadata"], **metadata}
        shop.api.objects[path] = {**body, "metadata": meta, "status": {**body["status"], "startTime": started}}


def test_without_any_word_it_always_was(canary_shop, release):
    _shop, cluster = canary_shop
    assert steady_since(cluster, release) == 0.0


def test_the_oldest_pod_tells_since_when_the_version_is_there(canary_shop, release):
    """An autoscaler that adds a pod changes nothing of what is usual."""
    shop, cluster = canary_shop
    begin_pods(shop, LATER, BEGAN)
    assert steady_since(cluster, release) == EPOCH + 10


def test_a_pod_on_its_way_out_belongs_to_what_was_before(canary_shop, release):
    shop, cluster = canary_shop
    begin_pods(shop, LATER, LATER)
    begin_pods(shop, BEGAN, deletionTimestamp=LATER)
    assert steady_since(cluster, release) == EPOCH + 300


def test_a_release_that_has_ended_is_over_only_then(canary_shop, release):
    shop, cluster = canary_shop
    begin_pods(shop, BEGAN, LATER)
    before, rollout = time.time(), Rollout(cluster, "order")
    rollout.start("order:v2")
    rollout.abort("bad")
    assert before <= steady_since(cluster, release) <= time.time()
