"""Which pods must be ready before traffic is led to them."""

import pytest
from tests.unit.manifests.fake_cluster import FakeTransport, connect

from cluster.backing import Backing, backings
from cluster.objects import unchanged


def deployment(name, **labels):
    template = {"metadata": {"labels": {"app": "order", **labels}}}
    return {"kind": "Deployment", "metadata": {"name": name, "namespace": "shop"}, "spec": {"template": template}}


def service(name="order", **selector):
    return {"kind": "Service", "metadata": {"name": name, "namespace": "shop"}, "spec": {"selector": selector}}


def rule():
    subsets = [{"name": track, "labels": {"track": track}} for track in ("stable", "canary")]
    return {"kind": "DestinationRule", "metadata": {"name": "order"}, "spec": {"host": "order", "subsets": subsets}}


def virtual_service(*destinations):
    route = [
        {"destination": {"host": host, "subset": subset} if subset else {"host": host}, "weight": weight}
        for host, subset, weight in destinations
    ]
    return {"kind": "VirtualService", "metadata": {"name": "order"}, "spec": {"http": [{"route": route}]}}


STABLE, CANARY = deployment("order", track="stable"), deployment("order-canary", track="canary")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (service(app="order"), ["order", "order-canary"]),
        (service(app="order", track="canary"), ["order-canary"]),
        (service(app="user"), []),
        (service(), []),
        (virtual_service(("order", "stable", 100), ("order", "canary", 0)), ["order"]),
        (virtual_service(("order", "stable", 99), ("order", "canary", 1)), ["order", "order-canary"]),
        (virtual_service(("order.shop.svc.cluster.local", None, 100)), ["order", "order-canary"]),
        (virtual_service(("order.other.svc.cluster.local", None, 100)), []),
        (virtual_service(("elsewhere", None, 100)), []),
    ],
)
def test_the_deployments_behind_an_object(body, expected):
    objects = [STABLE, CANARY, service(app="order"), rule()]
    assert [each.deployment for each in backings(body, objects)] == expected


def pod(name, ready="True", **metadata):
    conditions = [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": ready}]
    return {
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": "order"}, **metadata},
        "status": {"conditions": conditions},
    }


def test_only_pods_that_take_traffic_count():
    fake = FakeTransport()
    for body in (
        pod("a"),
        pod("b", ready="False"),
        pod("c", deletionTimestamp="now"),
        pod("d", labels={"app": "user"}),
    ):
        fake.objects[fake.path("Pod", body["metadata"]["name"])] = body
    fake.objects[fake.path("Pod", "e")] = {"kind": "Pod", "metadata": {"name": "e", "labels": {"app": "order"}}}
    assert Backing("order", (("app", "order"),)).ready(connect(fake)) == 1


@pytest.mark.parametrize(
    ("after", "same"),
    [
        ({"metadata": {"name": "a", "resourceVersion": "2", "managedFields": []}, "status": {"ready": 1}}, True),
        ({"metadata": {"name": "a", "labels": {"b": "c"}}}, False),
        ({"metadata": {"name": "a"}, "data": {"b": "c"}}, False),
    ],
)
def test_what_the_server_writes_by_itself_is_no_change(after, same):
    before = {"kind": "ConfigMap", "metadata": {"name": "a", "resourceVersion": "1", "generation": 1}}
    assert unchanged(before, after) is same
    assert before["metadata"]["resourceVersion"] == "1"
