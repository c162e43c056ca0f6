"""Blue-green by VirtualService from start to end: the weights are all that moves users, there and back."""

import pytest
from tests.unit.delivery.shop import VIRTUAL_SERVICES

from delivery.errors import DeliveryError
from delivery.judgement import Outcome
from delivery.rollout import Rollout

WEIGHTS = f"PATCH {VIRTUAL_SERVICES.rsplit('/', 1)[-1]}/order"


@pytest.fixture
def shop(canary_shop):
    return canary_shop[0]


@pytest.fixture
def rollout(canary_shop):
    return Rollout(canary_shop[1], "order", "blue-green-route")


def test_nobody_is_moved_before_the_switch(shop, rollout):
    rollout.start("order:v2")
    assert rollout.verify().successful
    assert shop.weights() == {"stable": 100, "canary": 0}


def test_the_switch_moves_everybody_by_one_patch_of_the_route(shop, rollout):
    selector = shop.selector()
    rollout.start("order:v2")
    shop.api.calls.clear()
    rollout.switch()
    assert shop.writes() == [WEIGHTS]
    assert shop.weights() == {"stable": 0, "canary": 100}
    assert shop.selector() == selector


def test_promotion_leaves_the_stable_deployment_on_the_new_image(shop, rollout):
    rollout.start("order:v2")
    rollout.switch()
    assert rollout.promote() is Outcome.PROMOTED
    assert shop.weights() == {"stable": 100, "canary": 0}
    assert shop.names() == ["order"]
    assert shop.behind("canary") is None


def test_abort_after_the_switch_brings_users_back_first(shop, rollout):
    before = shop.state()
    rollout.start("order:v2")
    rollout.switch()
    shop.api.calls.clear()
    assert rollout.abort("slow") is Outcome.ROLLED_BACK
    assert shop.writes()[0] == WEIGHTS
    assert shop.state() == before


def test_promotion_without_a_switch_is_refused(shop, rollout):
    rollout.start("order:v2")
    with pytest.raises(DeliveryError, match="VirtualService order does not lead to v2: switch before you promote"):
        rollout.promote()
    assert shop.weights() == {"stable": 100, "canary": 0}


def test_each_strategy_moves_users_in_its_own_way_only(rollout, canary_shop):
    rollout.start("order:v2")
    with pytest.raises(DeliveryError, match="blue-green-route moves all users at once: switch"):
        rollout.shift(canary=50)
    rollout.restore()
    canary = Rollout(canary_shop[1], "order")
    canary.start("order:v2")
    with pytest.raises(DeliveryError, match="canary moves users step by step: shift"):
        canary.switch()
