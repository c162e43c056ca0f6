"""What a release leaves behind is found whatever it is, and a stage without a release has none of it."""

import copy

import pytest
from tests.unit.cluster.fake_api import NAMESPACED
from tests.unit.delivery.shop import DEPLOYMENTS, JOBS, SERVICES, VIRTUAL_SERVICES, deployment, open_shop

from drills.leftovers import leftovers, watched

LEASES = f"/apis/coordination.k8s.io/v1{NAMESPACED}leases"


@pytest.fixture(params=[False, True], ids=["weights", "selector"])
def shop(request, tmp_path, monkeypatch):
    with open_shop(tmp_path, monkeypatch, blue_green=request.param) as found:
        yield found


@pytest.fixture
def canary_shop(tmp_path, monkeypatch):
    with open_shop(tmp_path, monkeypatch) as found:
        yield found


def change(shop, path, alter):
    body = copy.deepcopy(shop.api.objects[path])
    alter(body)
    shop.api.put(path, body)


def test_a_stage_without_a_release_has_none(shop):
    _, cluster = shop
    assert list(leftovers(cluster, "order")) == []
    check = watched(cluster, "order")
    assert check("Promoted") == check("RolledBack") == []


def test_the_copy_of_a_canary_is_found(canary_shop):
    shop, cluster = canary_shop
    shop.api.put(f"{DEPLOYMENTS}/order-canary", deployment("order-canary", track="canary"))
    assert list(leftovers(cluster, "order")) == ["Deployment order-canary"]


def test_the_other_colour_is_found(tmp_path, monkeypatch):
    with open_shop(tmp_path, monkeypatch, blue_green=True) as (shop, cluster):
        green = deployment("order-green", version="v2")
        green["spec"]["template"]["metadata"]["labels"]["version"] = "v2"
        shop.api.put(f"{DEPLOYMENTS}/order-green", green)
        assert list(leftovers(cluster, "order")) == ["Deployment order-green"]


def test_a_migration_of_a_release_is_found_and_the_live_one_is_none(canary_shop):
    shop, cluster = canary_shop
    for name in ("order-migrate", "user-migrate-v2", "order-migrate-v2"):
        shop.api.put(f"{JOBS}/{name}", {"spec": {}})
    assert list(leftovers(cluster, "order")) == ["Job order-migrate-v2"]


@pytest.mark.parametrize(("holder", "found"), [("laptop/1/2", ["a lease that laptop/1/2 holds"]), ("", []), (None, [])])
def test_a_lease_is_found_while_somebody_holds_it(canary_shop, holder, found):
    shop, cluster = canary_shop
    shop.api.put(f"{LEASES}/release-order", {"spec": {"holderIdentity": holder}})
    assert list(leftovers(cluster, "order")) == found


def test_weights_that_are_not_all_on_stable_are_found(canary_shop):
    shop, cluster = canary_shop

    def shift(body):
        for route in body["spec"]["http"]:
            for entry in route["route"]:
                entry["weight"] = 50

    change(shop, f"{VIRTUAL_SERVICES}/order", shift)
    assert list(leftovers(cluster, "order")) == ["weights stable=50, canary=50"]


def test_after_a_rollback_all_that_leads_users_is_as_it_was(shop):
    shop, cluster = shop
    check = watched(cluster, "order")
    change(shop, f"{SERVICES}/order", lambda body: body["spec"]["selector"].update(colour="red"))
    moved = [line for line in check("RolledBack") if line.startswith("Service order selects")]
    assert len(moved) == 1
    assert "colour=red" in moved[0]
    assert "as before" in moved[0]


def test_after_a_rollback_the_stable_deployment_runs_what_it_ran(canary_shop):
    shop, cluster = canary_shop
    check = watched(cluster, "order")
    change(
        shop,
        f"{DEPLOYMENTS}/order",
        lambda body: body["spec"]["template"]["spec"]["containers"][0].update(image="order:v2"),
    )
    assert check("RolledBack") == ["Deployment order runs agent:7, order:v1, order:v2, not agent:7, order:v1 as before"]
    assert check("Promoted") == []
