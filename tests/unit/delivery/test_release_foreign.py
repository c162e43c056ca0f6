"""Somebody else moves the users in the middle: noticed, told with name and time, and not fought."""

import copy

import pytest
from tests.unit.delivery.shop import DEPLOYMENTS, SERVICES, VIRTUAL_SERVICES

from delivery import carrier, command
from delivery.errors import Foreign
from delivery.judgement import Outcome, Verdict
from delivery.planning.plan import Plan
from delivery.rollout import Rollout

PERSON = {"manager": "kubectl-edit", "operation": "Update", "time": "2026-11-24T15:31:02Z", "fieldsV1": {"f:spec": {}}}
RELEASE = {**PERSON, "manager": "delivery", "time": "2026-11-24T15:31:09Z"}


@pytest.fixture(autouse=True)
def looks_always(monkeypatch):
    monkeypatch.setattr(carrier, "LOOK_EVERY", 0.0)


@pytest.fixture
def shop(canary_shop):
    return canary_shop[0]


@pytest.fixture
def undecided(canary_shop, always):
    return Rollout(canary_shop[1], "order", judge=always(Verdict.INCONCLUSIVE), plan=Plan(weights=(10, 50)))


def set_weights(shop, stable, canary):
    body = copy.deepcopy(shop.object(VIRTUAL_SERVICES, "order"))
    for entry in body["spec"]["http"][0]["route"]:
        entry["weight"] = {"stable": stable, "canary": canary}[entry["destination"]["subset"]]
    body["metadata"]["managedFields"] = [PERSON, RELEASE]
    shop.api.put(f"{VIRTUAL_SERVICES}/order", body)


def during_the_analysis(shop, traffic, do):
    """Have something done when the analysis asks for the second time."""
    asked = []

    def answer(query):
        if shop.journal()[0] and shop.journal()[0]["phase"] == "analysing":
            asked.append(query)
            if len(asked) == 3:
                do()
        return traffic(query)

    shop.api.ask_prometheus = answer


def end(rollout):
    rollout.start("order:v2")
    rollout.shift(canary=10)
    judgement = rollout.analysis(deadline=5)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    return judgement.reason, rollout.abort(judgement.reason)


def test_users_whom_a_person_gave_to_the_new_version_stay_there(shop, undecided, traffic):
    during_the_analysis(shop, traffic, lambda: set_weights(shop, 20, 80))
    reason, outcome = end(undecided)
    assert "VirtualService order gives 20 % to stable, 80 % to canary" in reason
    assert "should have 10 % (kubectl-edit, at 2026-11-24T15:31:02Z, wrote it)" in reason
    assert outcome is Outcome.HANDED_OVER
    assert shop.weights() == {"stable": 20, "canary": 80}
    assert shop.names() == ["order", "order-canary"]
    current, history = shop.journal()
    assert (current, shop.holder(), history[-1]["outcome"]) == (None, None, "HandedOver")
    assert history[-1]["reason"].count("somebody else moved the users") == 1


def test_users_whom_a_person_took_back_are_what_an_abort_wants_anyway(shop, undecided, traffic):
    during_the_analysis(shop, traffic, lambda: set_weights(shop, 100, 0))
    reason, outcome = end(undecided)
    assert "100 % to stable" in reason
    assert (outcome, shop.leftovers()) == (Outcome.ROLLED_BACK, [])


def test_it_is_noticed_before_the_next_move_as_well(shop, undecided):
    undecided.start("order:v2")
    undecided.shift(canary=10)
    set_weights(shop, 20, 80)
    with pytest.raises(Foreign, match="kubectl-edit"):
        undecided.shift(canary=50)
    assert shop.weights() == {"stable": 20, "canary": 80}


def test_a_promotion_does_not_overrule_a_person(shop, canary_shop, always, traffic):
    shop.api.ask_prometheus = traffic
    rollout = Rollout(canary_shop[1], "order", judge=always(Verdict.PASSED), plan=Plan(weights=(10, 50)))
    rollout.start("order:v2")
    rollout.shift(canary=10)
    set_weights(shop, 70, 30)
    assert rollout.promote() is Outcome.HANDED_OVER
    assert shop.weights() == {"stable": 70, "canary": 30}
    assert shop.object(DEPLOYMENTS, "order")["spec"]["template"]["metadata"]["labels"]["version"] == "v1"


def test_a_person_who_asks_for_an_abort_gets_one(shop, undecided):
    undecided.start("order:v2")
    undecided.shift(canary=10)
    set_weights(shop, 20, 80)
    undecided.let_go()
    rollout = Rollout.resume(undecided._cluster, "order")
    assert command.go_back(rollout, "enough")[0] is Outcome.ROLLED_BACK
    assert shop.leftovers() == []


def test_a_selector_that_a_person_changed_stays(blue_green_shop, always):
    shop, cluster = blue_green_shop
    rollout = Rollout(cluster, "order", "blue-green", judge=always(Verdict.INCONCLUSIVE))
    rollout.start("order:v2")
    rollout.switch()
    shop.api.put(f"{SERVICES}/order", {"spec": {"selector": {"app": "order"}}})
    reason = rollout.analysis(deadline=5).reason
    assert "Service order selects {'app': 'order'}" in reason
    assert rollout.abort(reason) is Outcome.HANDED_OVER
    assert shop.selector() == {"app": "order"}
    assert shop.names() == ["order-blue", "order-green"]
