"""Weights: every split of the service, nothing else, and never over somebody else's change."""

import copy

import pytest
from tests.unit.cluster.fake_api import NAMESPACED, FakeApi

from cluster import routing
from cluster.errors import ClusterError, Conflict
from cluster.routing import Router

VIRTUAL_SERVICES = f"/apis/networking.istio.io/v1{NAMESPACED}virtualservices"
RULES = f"/apis/networking.istio.io/v1{NAMESPACED}destinationrules"


def to(subset, weight=None, host="order"):
    entry = {"destination": {"host": host, "subset": subset}}
    return entry if weight is None else {**entry, "weight": weight}


def virtual_service(name, *routes, **rest):
    return {"metadata": {"name": name, "generation": 1}, "spec": {"http": [{"route": list(r)} for r in routes]}, **rest}


@pytest.fixture
def router(cluster, api: FakeApi):
    api.put(f"{RULES}/order", {"spec": {"host": "order", "subsets": [{"name": "stable"}, {"name": "canary"}]}})
    api.put(
        f"{VIRTUAL_SERVICES}/order",
        virtual_service("order", [to("canary")], [to("stable", 100), to("canary", 0)]),
    )
    api.put(
        f"{VIRTUAL_SERVICES}/order-mesh",
        virtual_service(
            "order-mesh", [to("stable", 100, "order.shop.svc.cluster.local"), to("canary", 0, "order.shop")]
        ),
    )
    api.put(f"{VIRTUAL_SERVICES}/user", virtual_service("user", [to("stable", 100, "user"), to("canary", 0, "user")]))
    return Router(cluster)


def http(api: FakeApi, name):
    return api.objects[f"{VIRTUAL_SERVICES}/{name}"]["spec"]["http"]


def test_weights_are_read(router):
    assert router.weights("order") == {"stable": 100, "canary": 0}


def test_every_split_changes_and_nothing_else(router, api: FakeApi):
    user, side_door = copy.deepcopy(http(api, "user")), copy.deepcopy(http(api, "order")[0])
    router.set_weights("order", {"stable": 75, "canary": 25})
    assert router.weights("order") == {"stable": 75, "canary": 25}
    assert [entry["weight"] for entry in http(api, "order")[1]["route"]] == [75, 25]
    assert [entry["weight"] for entry in http(api, "order-mesh")[0]["route"]] == [75, 25]
    assert http(api, "user") == user
    assert http(api, "order")[0] == side_door


def test_a_subset_that_is_not_named_gets_nothing(router):
    router.set_weights("order", {"canary": 100})
    assert router.weights("order") == {"stable": 0, "canary": 100}


def test_nothing_is_written_when_nothing_changes(router, api: FakeApi):
    router.set_weights("order", {"stable": 100, "canary": 0})
    assert api.calls == []


@pytest.mark.parametrize("weights", [{"stable": 90}, {"stable": 90, "canary": 20}, {"stable": 110, "canary": -10}, {}])
def test_weights_that_are_no_split_are_refused(router, api: FakeApi, weights):
    with pytest.raises(ClusterError, match="add up to 100"):
        router.set_weights("order", weights)
    assert api.calls == []


def test_subsets_that_are_not_there_are_refused(router, api: FakeApi):
    with pytest.raises(ClusterError, match=r"no subset beta in its DestinationRule: there is canary, stable"):
        router.set_weights("order", {"stable": 90, "beta": 10})
    api.put(f"{RULES}/order", {"spec": {"host": "order", "subsets": [{"name": "stable"}]}})
    with pytest.raises(ClusterError, match="no subset canary"):
        router.set_weights("order", {"stable": 90, "canary": 10})
    assert api.calls == []


def test_a_service_that_nobody_splits_is_refused(router):
    with pytest.raises(ClusterError, match="no VirtualService in namespace shop splits payment"):
        router.set_weights("payment", {"stable": 100})


def test_splits_that_disagree_are_told(router, api: FakeApi):
    api.put(f"{VIRTUAL_SERVICES}/order-mesh", virtual_service("order-mesh", [to("stable", 40), to("canary", 60)]))
    with pytest.raises(ClusterError, match="disagree"):
        router.weights("order")


def test_splits_that_disagree_can_still_be_set(router, api: FakeApi):
    api.put(f"{VIRTUAL_SERVICES}/order-mesh", virtual_service("order-mesh", [to("stable", 40), to("canary", 60)]))
    router.set_weights("order", {"stable": 100})
    assert router.weights("order") == {"stable": 100, "canary": 0}


def test_somebody_elses_change_is_kept(router, api: FakeApi):
    raced = []

    def refuse(method, path):
        if method == "PATCH" and path.endswith("/order") and not raced:
            raced.append(path)
            other = copy.deepcopy(api.objects[path])
            other["spec"]["http"][1]["timeout"] = "9s"
            api.put(path, other)
        return

    api.refuse = refuse
    router.set_weights("order", {"stable": 50, "canary": 50})
    assert raced
    assert http(api, "order")[1]["timeout"] == "9s"
    assert router.weights("order") == {"stable": 50, "canary": 50}


def test_a_conflict_that_never_ends_is_told(router, api: FakeApi):
    api.refuse = lambda method, path: (409, "modified") if method == "PATCH" else None
    with pytest.raises(Conflict):
        router.set_weights("order", {"stable": 50, "canary": 50})


def observing(mesh_says):
    def react(api, method, path):
        if method == "PATCH":
            body = copy.deepcopy(api.objects[path])
            body["metadata"]["generation"] += 1
            body["status"] = {"observedGeneration": mesh_says(body["metadata"]["generation"])}
            api.put(path, body)

    return react


def test_it_waits_for_a_mesh_that_tells(router, api: FakeApi, monkeypatch):
    body = virtual_service("order", [to("stable", 100), to("canary", 0)], status={"observedGeneration": 1})
    api.put(f"{VIRTUAL_SERVICES}/order", body)
    monkeypatch.setattr(routing, "OBSERVED_DEADLINE", 0.2)
    api.react = observing(lambda generation: generation)
    router.set_weights("order", {"stable": 50, "canary": 50})
    body["metadata"]["generation"] = 5
    api.react = lambda *_: None
    api.put(f"{VIRTUAL_SERVICES}/order", body)
    api.remove(f"{VIRTUAL_SERVICES}/order-mesh")
    with pytest.raises(ClusterError, match="did not carry out VirtualService order"):
        router.set_weights("order", {"stable": 60, "canary": 40})
