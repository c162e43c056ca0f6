"""Changes under constant traffic: pods come and go, weights and selectors move, and not one request is lost."""

import pytest
from tests.contract.site import backend
from tests.contract.traffic import constant
from tests.contract.waiting import until

from cluster import wait

# A pod takes its time to leave: it goes on serving, then drains.
pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def place(site):
    """Two pods of the first version, with a host that leads to them."""
    site.start(backend("web", replicas=2))
    entrance = site.entrance(app="backend").open()
    entrance.answers_with("v1")
    return entrance


def template(**fields):
    return {"spec": {"template": fields}}


def pods_of(place):
    return place.site.api.pods.list({"app": "backend"})


def test_a_rolling_update_loses_nothing(place):
    with constant(place) as traffic:
        containers = [{"name": "backend", "image": "user:v2"}]
        place.site.api.deployments.patch("web", template(spec={"containers": containers}), STRATEGIC)
        wait.deployment_ready(place.site.api, "web")
        until(lambda: len(pods_of(place)) == 2, "the old pods gone")
        place.answers_with("v2")
    assert {"v1", "v2"} == set(traffic.versions)


STRATEGIC = "application/strategic-merge-patch+json"


def test_a_restart_loses_nothing(place):
    before = {pod["metadata"]["name"] for pod in pods_of(place)}
    with constant(place):
        place.site.api.deployments.patch("web", template(metadata={"annotations": {"restarted": "now"}}))
        wait.deployment_ready(place.site.api, "web")
        until(lambda: not before & {pod["metadata"]["name"] for pod in pods_of(place)}, "the old pods gone")


def test_a_deleted_pod_drains(place):
    victim = pods_of(place)[0]["metadata"]["name"]
    with constant(place):
        place.site.api.pods.delete(victim)
        until(lambda: place.site.api.pods.find(victim) is None, "the pod gone")
    wait.deployment_ready(place.site.api, "web")


def test_scaling_up_and_down_loses_nothing(place):
    with constant(place):
        for replicas in (3, 1):
            place.site.api.deployments.scale("web", replicas)
            until(lambda count=replicas: len(pods_of(place)) == count, f"{replicas} pods")
            wait.deployment_ready(place.site.api, "web")


def test_a_release_that_never_gets_ready_loses_nothing(place):
    with constant(place) as traffic:
        containers = [{"name": "backend", "image": "user:v2", "env": [{"name": "FAULT_NOT_READY", "value": "true"}]}]
        place.site.api.deployments.patch("web", template(spec={"containers": containers}), STRATEGIC)
        until(lambda: len(pods_of(place)) == 3, "the pod that will not get ready")
        until(lambda: all("podIP" in pod["status"] for pod in pods_of(place)), "its address")
        traffic.flow()
    assert set(traffic.versions) == {"v1"}


def test_weights_that_move_lose_nothing(entrance):
    entrance.split(stable=100, canary=0)
    entrance.answers_with("v1")
    with constant(entrance) as traffic:
        for canary in (10, 50, 100, 0) * 2:
            entrance.split(stable=100 - canary, canary=canary)
            traffic.flow(20)
        entrance.answers_with("v1")
    assert set(traffic.versions) == {"v1", "v2"}


def test_a_switch_of_the_selector_loses_nothing(shared_site):
    entrance = shared_site.entrance(app="backend", track="stable").open()
    try:
        entrance.answers_with("v1")
        with constant(entrance) as traffic:
            for track, version in (("canary", "v2"), ("stable", "v1")):
                shared_site.api.patch_selector(entrance.name, {"app": "backend", "track": track})
                entrance.answers_with(version)
                traffic.flow()
        assert set(traffic.versions) == {"v1", "v2"}
    finally:
        entrance.close()
