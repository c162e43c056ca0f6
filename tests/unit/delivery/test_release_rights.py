"""The gate on the rights of the release Job: what it takes requests for."""

import pytest
from tests.unit.delivery import rights
from tests.unit.delivery.shop import RULES, VIRTUAL_SERVICES

from delivery.rollout import Rollout


@pytest.mark.parametrize(
    ("method", "path", "needs"),
    [
        ("GET", "/api/v1/namespaces/shop/pods", ("", "pods", "list")),
        ("GET", "/api/v1/namespaces/shop/services/order", ("", "services", "get")),
        ("PATCH", "/apis/apps/v1/namespaces/shop/deployments/order/scale", ("apps", "deployments/scale", "patch")),
        ("POST", "/apis/coordination.k8s.io/v1/namespaces/shop/leases", ("coordination.k8s.io", "leases", "create")),
        ("DELETE", "/apis/batch/v1/namespaces/shop/jobs/migrate", ("batch", "jobs", "delete")),
        ("GET", f"{VIRTUAL_SERVICES}/order", ("networking.istio.io", "virtualservices", "get")),
        ("GET", "/version", None),
    ],
)
def test_a_request_needs_what_kubernetes_asks_for(method, path, needs):
    assert rights.needed(method, path) == needs


def test_a_watch_is_more_than_a_list():
    assert rights.needed("GET", RULES, watching=True) == ("networking.istio.io", "destinationrules", "watch")


def test_what_a_release_asks_for_is_seen(canary_shop, asked):
    _shop, cluster = canary_shop
    rollout = Rollout(cluster, "order")
    rollout.start("order:v2")
    rollout.shift(canary=25)
    rollout.promote()
    assert ("networking.istio.io", "destinationrules", "list") in asked
    assert len(asked & rights.granted()) > len(rights.granted()) / 2
