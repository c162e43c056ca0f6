"""A release as a Job: what is created, what stands in its way, and that no release begins after its end."""

import pytest
from tests.unit.delivery.shop import JOBS

from cluster.objects import Objects
from delivery import asking, command, in_cluster
from delivery.errors import DeliveryError, UnderWay
from delivery.judgement import Outcome, Verdict
from delivery.rollout import Rollout


@pytest.fixture
def applied(monkeypatch):
    """What is applied, on a cluster that grants no rights."""
    bodies = []
    monkeypatch.setattr(Objects, "apply", lambda _objects, body: bodies.append(body["kind"]))
    monkeypatch.setattr(Objects, "find", lambda _objects, _kind: None)
    return bodies


def send(cluster, image="order:v2"):
    return in_cluster.send(cluster, "order", image, ["--strategy", "canary"])


def sent(shop):
    return shop.object(JOBS, "release-order")


def test_the_job_carries_the_release_out(canary_shop, applied):
    shop, cluster = canary_shop
    assert send(cluster) == "release-order"
    container = sent(shop)["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "delivery:v1"
    assert container["args"] == ["order", "--image", "order:v2", "--resume", "--strategy", "canary"]
    assert applied == ["NetworkPolicy", "ServiceAccount"]


def test_one_that_has_ended_makes_room_and_one_at_work_does_not(canary_shop, applied):
    shop, cluster = canary_shop
    send(cluster)
    send(cluster, "order:v3")  # the shop's Jobs are complete at once
    assert "order:v3" in sent(shop)["spec"]["template"]["spec"]["containers"][0]["args"]
    shop.api.put(f"{JOBS}/release-order", {**sent(shop), "status": {"active": 1}})
    with pytest.raises(UnderWay, match="Job release-order is at work"):
        send(cluster)


def test_an_image_without_a_tag_creates_nothing(canary_shop, applied):
    with pytest.raises(DeliveryError, match="has no tag"):
        send(canary_shop[1], "order")
    assert (canary_shop[0].api.writes(), applied) == ([], [])


@pytest.mark.parametrize(
    ("verdict", "outcome"), [(Verdict.PASSED, Outcome.PROMOTED), (Verdict.FAILED, Outcome.ROLLED_BACK)]
)
def test_a_release_that_ended_is_known_by_its_identity(canary_shop, always, traffic, verdict, outcome):
    shop, cluster = canary_shop
    shop.api.ask_prometheus = traffic
    assert asking.ended(cluster, "order", "the-job") is None
    command.release(Rollout(cluster, "order", judge=always(verdict), identity="the-job"), "order:v2")
    assert asking.ended(cluster, "order", "the-job") == (outcome, "made up")
    assert asking.ended(cluster, "order", "another") is None
