"""What the live page is told: which service, its two sides, what the users get, and what is missing."""

import json
import re
from itertools import pairwise

import pytest
from tests.browser.live_lab import Shop, Sources

from embedded.observatory.metrics_source import Series
from embedded.observatory.pages import focus, quantiles, traffic
from embedded.observatory.pages.history import History
from embedded.observatory.pages.snapshot import Snapshots


@pytest.fixture
def shop():
    return Shop()


async def taken(shop):
    return await Snapshots(Sources(shop)).take()


def by_name(snapshot):
    return {side["name"]: side for side in snapshot["service"]["sides"]}


async def test_asked_and_observed_shares_are_told_apart(shop):
    shop.weights = {"stable": 85, "canary": 15}
    shop.rates = {("stable", "200"): 180.0, ("canary", "200"): 16.0, ("canary", "503"): 4.0}
    sides = by_name(await taken(shop))
    assert [(side["asked"], side["observed"]) for side in sides.values()] == [(85, 90.0), (15, 10.0)]
    assert sides["stable"]["figures"]["errors"] == 0
    assert sides["canary"]["figures"]["errors"] == 20.0


async def test_all_users_are_both_sides_together(shop):
    shop.rates = {("stable", "200"): 90.0, ("canary", "500"): 10.0}
    told = (await taken(shop))["service"]["all"]
    assert (told["rate"], told["errors"]) == (100.0, 10.0)


async def test_a_slow_side_has_its_own_quantiles(shop):
    shop.rates = {("stable", "200"): 100.0, ("canary", "200"): 100.0}
    shop.slow = {"canary"}
    sides = by_name(await taken(shop))
    assert sides["stable"]["figures"]["p95"] == 10.0
    assert sides["canary"]["figures"]["p50"] > 250


async def test_no_requests_are_no_share_and_no_share_of_errors(shop):
    shop.rates = {}
    sides = by_name(await taken(shop))
    assert {side["observed"] for side in sides.values()} == {None}
    assert sides["stable"]["figures"] == {"rate": 0, "errors": None, "p50": None, "p95": None, "p99": None}


async def test_pods_are_told_by_side_with_version_and_readiness(shop):
    shop.pods = [("b", "canary", "v2", False), ("a", "stable", "v1", True)]
    sides = by_name(await taken(shop))
    assert sides["canary"]["pods"] == [
        {"name": "b", "version": "v2", "state": "Not ready", "ready": False, "restarts": 0}
    ]
    assert sides["stable"]["versions"] == ["v1"]
    assert sides["stable"]["pods"][0]["state"] == "Ready"


async def test_prometheus_that_does_not_answer_hides_neither_weights_nor_pods(shop):
    shop.broken = {"metrics"}
    snapshot = await taken(shop)
    assert snapshot["troubles"] == {"metrics": "Prometheus does not answer: refused"}
    assert by_name(snapshot)["stable"]["asked"] == 100
    assert by_name(snapshot)["stable"]["observed"] is None


async def test_an_api_server_that_does_not_answer_hides_no_drill(shop):
    shop.broken = {"cluster"}
    shop.step("steady state")
    snapshot = await taken(shop)
    assert snapshot["service"] is None
    assert "API server" in snapshot["troubles"]["cluster"]
    assert snapshot["drill"]["name"] == "canary-errors"


async def test_the_time_before_is_asked_for_once(shop):
    snapshots = Snapshots(Sources(shop))
    first = await snapshots.take()
    asked = shop.asked
    second = await snapshots.take()
    assert len(first["service"]["history"]["times"]) > 100
    assert second["service"]["history"]["times"][-2] == first["service"]["history"]["times"][-1]
    assert shop.asked - asked == 2, "two queries a second: one for codes, one for durations"


async def test_what_nobody_looked_at_is_asked_for_when_somebody_looks_again(shop):
    history, chosen = History(), focus.choose(shop._services(), shop._routes(), "")
    for now in (1000.0, 1001.0, 1060.0):
        await history.keep(shop, chosen, now, {})
    times = history.drawn(chosen)["times"]
    assert max(later - earlier for earlier, later in pairwise(times)) <= 2


async def test_a_snapshot_is_json_as_browsers_read_it(shop):
    json.dumps(await taken(shop), allow_nan=False)


def service(name, selector, note=None):
    annotations = {focus.RELEASE: note if isinstance(note, str) else json.dumps(note)} if note else {}
    return {
        "metadata": {"name": name, "namespace": "shop", "annotations": annotations},
        "spec": {"selector": selector},
    }


def route(name, stable=100, host=None):
    split = [
        {"destination": {"host": host or name, "subset": subset}, "weight": weight}
        for subset, weight in (("stable", stable), ("canary", 100 - stable))
    ]
    return {"metadata": {"name": name, "namespace": "shop"}, "spec": {"http": [{"route": split}]}}


ROUTES = [route("order"), route("user")]
NOTE = {"strategy": "canary", "service": "user", "version": "v2", "stable_version": "v1"}


def test_the_service_under_release_comes_before_that_of_the_last_drill_and_before_any_other():
    plain = [service("user", {"app": "user"}), service("order", {"app": "order"})]
    released = [service("user", {"app": "user"}, NOTE), service("order", {"app": "order"})]
    assert focus.choose(plain, ROUTES, "").service == "order"
    assert focus.choose(plain, ROUTES, "user").service == "user"
    assert focus.choose(released, ROUTES, "order").service == "user"
    assert focus.choose([service("web", {"app": "web"})], ROUTES, "") is None


@pytest.mark.parametrize("host", ["order.shop", "order.shop.svc", "order.shop.svc.cluster.local"])
def test_a_route_may_name_the_service_in_any_form(host):
    chosen = focus.choose([service("order", {"app": "order"})], [route("order", 70, host)], "")
    assert [side.asked for side in chosen.sides] == [70, 30]


def test_blue_green_by_selector_goes_by_versions_and_keeps_its_sides_after_the_switch():
    note = {"strategy": "blue-green", "version": "v2", "stable_version": "v1"}
    before = focus.choose([service("order", {"app": "order", "version": "v1"}, note)], ROUTES, "")
    after = focus.choose([service("order", {"app": "order", "version": "v2"}, note)], ROUTES, "")
    assert before.label == after.label == "version"
    assert [(side.name, side.value, side.asked) for side in before.sides] == [
        ("active", "v1", 100),
        ("preview", "v2", 0),
    ]
    assert [(side.name, side.value, side.asked) for side in after.sides] == [
        ("active", "v1", 0),
        ("preview", "v2", 100),
    ]


def test_between_two_releases_the_preview_service_says_what_the_preview_is():
    services = [service("order", {"version": "v1"}), service("order-preview", {"version": "v2"})]
    assert [side.value for side in focus.choose(services, ROUTES, "").sides] == ["v1", "v2"]
    assert [side.value for side in focus.choose(services[:1], ROUTES, "").sides] == ["v1"]


def test_blue_green_by_route_bears_the_names_of_blue_green():
    note = {"strategy": "blue-green-route", "version": "v2", "stable_version": "v1"}
    chosen = focus.choose([service("order", {"app": "order"}, note)], [route("order", 0)], "")
    assert [(side.name, side.value, side.asked) for side in chosen.sides] == [
        ("active", "stable", 0),
        ("preview", "canary", 100),
    ]


@pytest.mark.parametrize("note", ["no json", "[1]", '"text"'])
def test_a_note_that_cannot_be_read_is_none(note):
    chosen = focus.choose([service("order", {"app": "order"}, note)], ROUTES, "")
    assert chosen.strategy == ""


class Versions:
    """A Prometheus that knows a gateway without tracks and pods with versions."""

    async def instant(self, query):
        name = re.search(r"\((?:rate\()([a-z_:]+)", query).group(1)
        if "bucket" in name:
            return []
        if name.startswith("release"):
            return [Series({"track": "", "code": "503"}, [(0.0, 10.0)])]
        return [Series({"version": "v2", "code": "200"}, [(0.0, 90.0)])]


async def test_behind_a_selector_pods_tell_the_versions_and_the_gateway_what_reached_none_of_them():
    sides = (focus.Side("active", "v1", 0), focus.Side("preview", "v2", 100))
    found = await traffic.now(Versions(), focus.Focus("shop", "order", "blue-green", "version", sides))
    assert found["v2"].figures()["errors"] == 0
    assert found[traffic.ALL].figures() | {"p50": None} == {
        "rate": 10.0, "errors": 100.0, "p50": None, "p95": None, "p99": None
    }  # fmt: skip


@pytest.mark.parametrize(
    ("buckets", "share", "wanted"),
    [
        ({0.1: 50, 0.2: 100, float("inf"): 100}, 0.5, 0.1),
        ({0.1: 50, 0.2: 100, float("inf"): 100}, 0.75, 0.15),
        ({0.1: 0, 0.2: 0, float("inf"): 10}, 0.5, 0.2),  # beyond the last bound: the last bound, as Prometheus has it
        ({0.1: 0, float("inf"): 0}, 0.5, None),
        ({0.1: 5}, 0.5, None),
        ({}, 0.5, None),
    ],
)
def test_quantiles_are_those_of_prometheus(buckets, share, wanted):
    assert quantiles.of(buckets, share) == (pytest.approx(wanted) if wanted is not None else None)
