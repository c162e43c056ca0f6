"""Blue-green from start to end: the selector is all that moves users, there and back."""

import pytest
from tests.unit.delivery.shop import DEPLOYMENTS, SERVICES

from delivery.errors import DeliveryError, Rejected
from delivery.judgement import Outcome, Verdict
from delivery.rollout import Rollout

SWITCH = "PATCH services/order"
V1, V2 = {"app": "order", "version": "v1"}, {"app": "order", "version": "v2"}


@pytest.fixture
def shop(blue_green_shop):
    return blue_green_shop[0]


@pytest.fixture
def rollout(blue_green_shop):
    return Rollout(blue_green_shop[1], "order", strategy="blue-green")


def selectors(shop):
    """Return the selectors that Service order was given, in order."""
    return [
        body["spec"]["selector"] for method, path, body in shop.calls() if path == "services/order" and "spec" in body
    ]


def test_green_is_a_copy_that_no_user_meets(shop, rollout):
    rollout.start("order:v2")
    made = shop.object(DEPLOYMENTS, "order-green")
    assert made["spec"]["selector"]["matchLabels"] == {"app": "order", "track": "stable", "version": "v2"}
    assert shop.selector() == V1
    assert shop.selector("order-preview") == V2
    assert rollout.verify().successful
    assert selectors(shop) == []


def test_the_switch_is_the_patch_that_kubectl_sends(shop, rollout):
    rollout.start("order:v2")
    shop.api.calls.clear()
    rollout.switch()
    assert (shop.writes(), selectors(shop)) == ([SWITCH], [V2])


def test_promotion_deletes_the_old_colour_last(shop, rollout):
    rollout.start("order:v2")
    rollout.switch()
    assert rollout.promote() is Outcome.PROMOTED
    assert shop.writes()[-1] == "DELETE deployments/order-blue"
    assert shop.names() == ["order-green"]
    assert shop.selector() == V2
    assert shop.leftovers() == []


def test_abort_after_the_switch_brings_users_back_first(shop, rollout):
    before = shop.state()
    rollout.start("order:v2")
    rollout.switch()
    shop.api.calls.clear()
    assert rollout.abort("slow") is Outcome.ROLLED_BACK
    assert (shop.writes()[0], selectors(shop)) == (SWITCH, [V1])
    writes = shop.writes()
    assert writes.index(SWITCH) < writes.index("DELETE deployments/order-green")
    assert shop.state() == before


def test_promotion_without_a_switch_is_refused(shop, rollout):
    rollout.start("order:v2")
    with pytest.raises(DeliveryError, match="switch before you promote"):
        rollout.promote()
    assert shop.names() == ["order-blue", "order-green"]


def test_the_next_release_goes_the_other_way(shop, rollout, blue_green_shop):
    rollout.start("order:v2")
    rollout.switch()
    rollout.promote()
    following = Rollout(blue_green_shop[1], "order", strategy="blue-green")
    following.start("order:v3")
    following.switch()
    following.promote()
    assert shop.names() == ["order-blue"]
    assert shop.selector() == {"app": "order", "version": "v3"}


def test_a_crashing_green_is_rejected_and_gone(shop, rollout):
    before = shop.state()
    shop.unready["order-green"] = "CrashLoopBackOff"
    with pytest.raises(Rejected, match="CrashLoopBackOff"):
        rollout.start("order:v2-crash")
    assert shop.state() == before
    assert selectors(shop) == []


def test_a_preview_that_fails_smoke_is_found_before_any_user(shop, rollout):
    shop.statuses["order:v2-errors"] = 500
    rollout.start("order:v2-errors")
    assert rollout.verify().verdict is Verdict.FAILED
    assert selectors(shop) == []


def test_what_is_judged_after_the_switch_is_the_active_side(shop, rollout, blue_green_shop, always, traffic):
    shop.api.ask_prometheus = traffic
    judged = Rollout(blue_green_shop[1], "order", strategy="blue-green", judge=always(Verdict.PASSED))
    judged.start("order:v2")
    judged.switch()
    assert judged.analysis(deadline=5).step == "v2 after the switch"


@pytest.mark.parametrize(
    ("kind", "name", "change", "said"),
    [
        (SERVICES, "order", {"spec": {"selector": {"app": "order"}}}, "does not select by version"),
        (SERVICES, "order", {"spec": {"selector": {"app": "none"}}}, "it leads to none"),
        (SERVICES, "order", {"spec": {"selector": V2}}, "it leads to none"),
        (SERVICES, "order-preview", None, "no Service order-preview"),
    ],
)
def test_a_stage_that_is_not_set_for_blue_green_is_refused(shop, rollout, kind, name, change, said):
    shop.api.remove(f"{kind}/{name}")
    if change:
        shop.api.put(f"{kind}/{name}", change)
    with pytest.raises(DeliveryError, match=said):
        rollout.start("order:v3")
    assert shop.names() == ["order-blue"]


def test_two_colours_of_one_version_are_refused(rollout):
    with pytest.raises(DeliveryError, match="version v1 of order is active already"):
        rollout.start("order:v1-hotfix")


def test_a_selector_that_leads_to_two_is_refused(shop, rollout):
    twin = {**shop.object(DEPLOYMENTS, "order-blue")}
    twin["metadata"] = {**twin["metadata"], "name": "order-cyan"}
    shop.api.put(f"{DEPLOYMENTS}/order-cyan", twin)
    with pytest.raises(DeliveryError, match="it leads to order-blue, order-cyan"):
        rollout.start("order:v2")
