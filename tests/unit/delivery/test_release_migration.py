"""The migration of a release: before any pod of the new version, told as a step, and gone when the release ended."""

import pytest
from tests.unit.delivery.shop import DEPLOYMENTS, JOBS, migrate_job

from cluster import wait
from delivery import migration
from delivery.errors import DeliveryError, Rejected
from delivery.judgement import Outcome
from delivery.rollout import Rollout

MADE = "POST jobs"


@pytest.fixture(params=["canary", "blue-green", "blue-green-route"])
def strategy(request):
    return request.param


@pytest.fixture
def shop_and_cluster(strategy, request):
    found = request.getfixturevalue("blue_green_shop" if strategy == "blue-green" else "canary_shop")
    found[0].api.put(f"{JOBS}/order-migrate", migrate_job())
    found[0].control()
    return found


@pytest.fixture
def shop(shop_and_cluster):
    return shop_and_cluster[0]


@pytest.fixture
def steps():
    return []


@pytest.fixture
def rollout(shop_and_cluster, strategy, steps):
    return Rollout(shop_and_cluster[1], "order", strategy, on_step=steps.append)


def jobs(shop):
    return sorted(path.rsplit("/", 1)[-1] for path in shop.api.objects if path.startswith(JOBS))


def copy_of_order(shop):
    [name] = [name for name in shop.names() if name.endswith(("-canary", "-green"))]
    return shop.object(DEPLOYMENTS, name)


def test_it_is_a_copy_of_the_live_job_with_the_new_image(shop, rollout, steps):
    rollout.start("registry:5000/team/order:v2-errors")
    made = shop.object(JOBS, "order-migrate-v2")
    spec = made["spec"]["template"]["spec"]
    assert [each["image"] for each in spec["containers"]] == ["registry:5000/team/order:v2-errors", "agent:7"]
    assert (made["spec"]["backoffLimit"], spec["restartPolicy"]) == (3, "Never")
    labels = {"app": "order-migrate", "app.kubernetes.io/part-of": "proving-ground", "version": "v2"}
    assert made["metadata"]["labels"] == made["spec"]["template"]["metadata"]["labels"] == labels
    assert "ownerReferences" not in made["metadata"]
    assert "manualSelector" not in made["spec"]
    assert [step.name for step in steps] == ["plan", "migrate", "start"]
    assert steps[1].details == {"job": "order-migrate-v2"}
    assert shop.object(JOBS, "order-migrate")["spec"]["template"]["spec"]["containers"][0]["image"] == "order:v1"


def test_no_pod_of_the_new_version_starts_before_it_has_ended(shop, rollout, monkeypatch):
    seen = []
    run = migration.run

    def watch(cluster, job):
        seen.append(copy_of_order(shop)["spec"]["replicas"])
        run(cluster, job)
        seen.append(copy_of_order(shop)["spec"]["replicas"])

    monkeypatch.setattr(migration, "run", watch)
    rollout.start("order:v2")
    assert (seen, copy_of_order(shop)["spec"]["replicas"]) == ([0, 0], 2)


def test_one_that_fails_rejects_the_release_and_leaves_nothing_behind(shop, rollout, steps):
    before, shop.migrates = shop.state(), False
    with pytest.raises(Rejected, match="Job order-migrate-v2 is not ready: BackoffLimitExceeded"):
        rollout.start("order:v2")
    assert (shop.state(), jobs(shop), shop.leftovers()) == (before, ["order-migrate"], [])
    assert "BackoffLimitExceeded" in steps[1].details["error"]


def test_promotion_and_abort_remove_it(shop, rollout, strategy):
    rollout.start("order:v2")
    if strategy == "canary":
        rollout.shift(canary=10)
    else:
        rollout.switch()
    rollout.abort("why not")
    assert jobs(shop) == ["order-migrate"]
    rollout.start("order:v2")
    if strategy != "canary":
        rollout.switch()
    assert rollout.promote() is Outcome.PROMOTED
    assert jobs(shop) == ["order-migrate"]


def test_another_process_removes_it_too(shop_and_cluster, shop, rollout):
    rollout.start("order:v2")
    rollout.let_go()
    Rollout.resume(shop_and_cluster[1], "order").abort()
    assert jobs(shop) == ["order-migrate"]


def test_interrupted_it_goes_with_the_release(shop, rollout, monkeypatch):
    before = shop.state()

    def interrupt(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(wait, "ready", interrupt)
    with pytest.raises(KeyboardInterrupt):
        rollout.start("order:v2")
    assert (shop.state(), jobs(shop), shop.leftovers()) == (before, ["order-migrate"], [])


def test_one_that_was_left_over_is_replaced(shop, rollout):
    left = migrate_job()
    left["metadata"]["name"] = "order-migrate-v2"
    shop.api.put(f"{JOBS}/order-migrate-v2", left)
    rollout.start("order:v2")
    assert shop.object(JOBS, "order-migrate-v2")["spec"]["template"]["spec"]["containers"][0]["image"] == "order:v2"
    writes = shop.writes()
    assert writes.index("DELETE jobs/order-migrate-v2") < writes.index(MADE)


def test_a_job_of_other_images_stops_the_release_before_it_begins(shop, rollout):
    stranger = migrate_job()
    stranger["spec"]["template"]["spec"]["containers"][0]["image"] = "flyway:9"
    shop.api.put(f"{JOBS}/order-migrate", stranger)
    with pytest.raises(DeliveryError, match="is none of Job order-migrate's, which runs agent:7, flyway:9"):
        rollout.start("order:v2")
    assert len(shop.names()) == 1


def test_a_service_without_one_is_released_without_one(shop, rollout, steps):
    shop.api.remove(f"{JOBS}/order-migrate")
    rollout.start("order:v2")
    rollout.abort()
    assert not [write for write in shop.writes() if "jobs" in write]
    assert "migrate" not in [step.name for step in steps]


def test_the_version_makes_a_name(shop, rollout):
    rollout.start("order:V2_1")
    assert "order-migrate-v2-1" in jobs(shop)
