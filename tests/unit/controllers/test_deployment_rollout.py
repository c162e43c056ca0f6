"""A Deployment rolls out as Kubernetes' does: revisions, conditions, events, the deadline, the way back."""

from __future__ import annotations

import pytest
from tests.unit.controllers.lab import NAMESPACE, condition, deployment, is_ready, rolling

from embedded.apiserver.resources import DEPLOYMENTS, PODS, REPLICA_SETS

REVISION = "deployment.kubernetes.io/revision"


def images(lab):
    return sorted(pod["spec"]["containers"][0]["image"] for pod in lab.pods())


def start(lab, **spec):
    lab.store.create(DEPLOYMENTS, deployment(**spec))
    lab.run_pods()


def revision(lab, image):
    sets = [item for item in lab.replica_sets() if item["spec"]["template"]["spec"]["containers"][0]["image"] == image]
    return sets[0]["metadata"]["annotations"][REVISION]


def test_a_new_deployment_gets_its_pods_and_says_so(lab):
    start(lab)
    body = lab.deployment()
    status = body["status"]
    assert [status[field] for field in ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")] == [3] * 4
    assert "unavailableReplicas" not in status
    assert status["observedGeneration"] == body["metadata"]["generation"]
    assert condition(body, "Available")["reason"] == "MinimumReplicasAvailable"
    assert condition(body, "Progressing")["reason"] == "NewReplicaSetAvailable"
    assert body["metadata"]["annotations"][REVISION] == "1"
    name = lab.replica_sets()[0]["metadata"]["name"]
    assert lab.events("ScalingReplicaSet") == [f"Scaled up replica set {name} from 0 to 3"]


def test_pods_carry_the_hash_of_their_template_and_their_controller(lab):
    start(lab)
    replica_set = lab.replica_sets()[0]
    hashed = replica_set["metadata"]["labels"]["pod-template-hash"]
    assert replica_set["metadata"]["name"] == f"order-{hashed}"
    assert replica_set["spec"]["selector"]["matchLabels"] == {"app": "order", "pod-template-hash": hashed}
    for pod in lab.pods():
        assert pod["metadata"]["labels"]["pod-template-hash"] == hashed
        owner = pod["metadata"]["ownerReferences"][0]
        assert (owner["kind"], owner["uid"], owner["controller"]) == (
            "ReplicaSet",
            replica_set["metadata"]["uid"],
            True,
        )


def test_a_new_template_replaces_every_pod_and_keeps_the_old_replica_set(lab):
    start(lab)
    lab.set_image("order:v2")
    lab.run_pods()
    assert images(lab) == ["order:v2"] * 3
    assert sorted(item["spec"]["replicas"] for item in lab.replica_sets()) == [0, 3]
    assert lab.deployment()["metadata"]["annotations"][REVISION] == "2"


def test_what_never_gets_ready_stops_the_rollout_and_passes_the_deadline(lab):
    start(lab, strategy=rolling(1, 0), progressDeadlineSeconds=60)
    lab.set_image("order:v2-crash")
    lab.run_pods(lambda pod: pod["spec"]["containers"][0]["image"] == "order:v1")
    assert images(lab) == ["order:v1"] * 3 + ["order:v2-crash"]
    assert condition(lab.deployment(), "Progressing")["status"] == "True"
    lab.wait(59)
    assert condition(lab.deployment(), "Progressing")["status"] == "True"
    lab.wait(3)
    failed = condition(lab.deployment(), "Progressing")
    assert (failed["status"], failed["reason"]) == ("False", "ProgressDeadlineExceeded")
    assert condition(lab.deployment(), "Available")["status"] == "True"


def test_progress_puts_the_deadline_off(lab):
    start(lab, strategy=rolling(1, 0), progressDeadlineSeconds=60)
    lab.set_image("order:v2")
    lab.run_pods(lambda pod: pod["spec"]["containers"][0]["image"] == "order:v1")
    lab.wait(50)
    (new,) = [pod for pod in lab.pods() if not is_ready(pod)]
    lab.run_pods(lambda pod: pod["metadata"]["name"] == new["metadata"]["name"])
    lab.wait(59)
    assert condition(lab.deployment(), "Progressing")["reason"] == "ReplicaSetUpdated"
    lab.wait(3)
    assert condition(lab.deployment(), "Progressing")["reason"] == "ProgressDeadlineExceeded"


def test_a_failed_rollout_that_recovers_is_complete_again(lab):
    start(lab, strategy=rolling(1, 0), progressDeadlineSeconds=60)
    lab.set_image("order:v2")
    lab.run_pods(lambda pod: pod["spec"]["containers"][0]["image"] == "order:v1")
    lab.wait(62)
    lab.run_pods()
    assert condition(lab.deployment(), "Progressing")["reason"] == "NewReplicaSetAvailable"
    assert images(lab) == ["order:v2"] * 3


def test_undo_reuses_the_old_replica_set_and_makes_it_the_newest_revision(lab):
    start(lab, annotations={"kubernetes.io/change-cause": "first"})
    before = lab.replica_sets()[0]["metadata"]["name"]
    lab.change(lambda body: body["metadata"]["annotations"].update({"kubernetes.io/change-cause": "second"}))
    lab.set_image("order:v2")
    lab.run_pods()
    old = lab.store.get(REPLICA_SETS, NAMESPACE, before)
    back = old["spec"]["template"]
    del back["metadata"]["labels"]["pod-template-hash"]
    lab.change(lambda body: body["spec"].update(template=back))
    lab.run_pods()
    assert len(lab.replica_sets()) == 2
    assert {pod["metadata"]["ownerReferences"][0]["name"] for pod in lab.pods()} == {before}
    assert revision(lab, "order:v1") == "3"
    assert revision(lab, "order:v2") == "2"
    annotations = lab.store.get(REPLICA_SETS, NAMESPACE, before)["metadata"]["annotations"]
    assert annotations["deployment.kubernetes.io/revision-history"] == "1"
    assert lab.deployment()["metadata"]["annotations"][REVISION] == "3"


def test_change_cause_stays_with_its_revision(lab):
    start(lab, annotations={"kubernetes.io/change-cause": "first"})

    def next_release(body):
        body["metadata"]["annotations"]["kubernetes.io/change-cause"] = "second"
        body["spec"]["template"]["spec"]["containers"][0]["image"] = "order:v2"

    lab.change(next_release)
    lab.run_pods()
    causes = {
        item["metadata"]["annotations"][REVISION]: item["metadata"]["annotations"]["kubernetes.io/change-cause"]
        for item in lab.replica_sets()
    }
    assert causes == {"1": "first", "2": "second"}


def test_history_is_cut_to_its_limit_oldest_first(lab):
    start(lab, revisionHistoryLimit=1)
    for image in ("order:v2", "order:v3", "order:v4"):
        lab.set_image(image)
        lab.run_pods()
    left = {item["spec"]["template"]["spec"]["containers"][0]["image"] for item in lab.replica_sets()}
    assert left == {"order:v3", "order:v4"}


def test_recreate_waits_until_the_old_pods_have_ended(lab):
    start(lab, strategy={"type": "Recreate"})
    old = lab.pods()
    lab.set_image("order:v2")
    lab.settle()
    assert lab.pods() == []
    for pod in old[:2]:
        lab.end(pod)
        lab.settle()
        assert lab.pods() == []
    lab.end(old[2])
    lab.settle()
    assert images(lab) == ["order:v2"] * 3


def test_pods_count_as_available_only_after_min_ready_seconds(lab):
    start(lab, strategy=rolling(1, 0))
    lab.change(lambda body: body["spec"].update(minReadySeconds=10))
    lab.set_image("order:v2")
    lab.run_pods()
    assert images(lab) == ["order:v1"] * 3 + ["order:v2"]
    lab.wait(5)
    lab.run_pods()
    assert images(lab) == ["order:v1"] * 3 + ["order:v2"]
    lab.wait(5)
    lab.run_pods()
    assert images(lab) == ["order:v1"] * 2 + ["order:v2"] * 2


def test_paused_does_not_roll_but_scales(lab):
    start(lab)
    lab.change(lambda body: body["spec"].update(paused=True))
    lab.set_image("order:v2")
    lab.scale(5)
    lab.run_pods()
    assert images(lab) == ["order:v1"] * 5
    assert condition(lab.deployment(), "Progressing")["reason"] == "DeploymentPaused"
    lab.change(lambda body: body["spec"].update(paused=False))
    lab.run_pods()
    assert images(lab) == ["order:v2"] * 5
    assert condition(lab.deployment(), "Progressing")["reason"] == "NewReplicaSetAvailable"


def test_scaled_in_the_middle_of_a_rollout_both_sides_grow(lab):
    start(lab, replicas=10, strategy=rolling(3, 2))
    lab.set_image("order:v2")
    lab.run_pods(lambda pod: pod["spec"]["containers"][0]["image"] == "order:v1")
    before = images(lab)
    assert (before.count("order:v1"), before.count("order:v2")) == (8, 5)
    lab.scale(15)
    lab.settle()
    after = images(lab)
    # The example of Kubernetes' documentation: 3 of the 5 new pods go to the larger, old side.
    assert (after.count("order:v1"), after.count("order:v2")) == (11, 7)
    lab.run_pods()
    assert images(lab) == ["order:v2"] * 15


def test_scaled_down_in_the_middle_of_a_rollout_keeps_what_is_available(lab):
    start(lab, replicas=10, strategy=rolling(3, 2))
    lab.set_image("order:v2")
    lab.run_pods(lambda pod: pod["spec"]["containers"][0]["image"] == "order:v1")
    lab.scale(6)
    lab.settle()
    ready = [pod for pod in lab.pods() if is_ready(pod)]
    assert len(ready) >= 4
    assert len(lab.pods()) <= 9


def test_recreate_and_a_new_number_in_the_middle_of_a_rollout(lab):
    start(lab, strategy=rolling(1, 0))
    lab.set_image("order:v2")
    lab.run_pods(lambda pod: pod["spec"]["containers"][0]["image"] == "order:v1")
    lab.change(lambda body: body["spec"].update(strategy={"type": "Recreate"}, replicas=4))
    lab.run_pods()
    assert images(lab) == ["order:v2"] * 4


def test_a_name_that_is_taken_is_tried_again(lab):
    start(lab)
    name = lab.replica_sets()[0]["metadata"]["name"]
    lab.store.delete(DEPLOYMENTS, NAMESPACE, "order")
    lab.store.mutate(
        REPLICA_SETS, NAMESPACE, name, lambda body: body["metadata"].update(finalizers=["example.com/hold"])
    )
    lab.run_pods()
    lab.tolerant = True
    lab.store.create(DEPLOYMENTS, deployment())
    lab.settle()
    before = {pod["metadata"]["name"] for pod in lab.pods()}
    assert "already exists" in lab.events("ReplicaSetCreateError")[0]
    lab.store.mutate(REPLICA_SETS, NAMESPACE, name, lambda body: body["metadata"].update(finalizers=[]))
    lab.wait(30)
    lab.run_pods()
    assert lab.deployment()["status"]["availableReplicas"] == 3
    assert not before & {pod["metadata"]["name"] for pod in lab.pods()}


def test_scaled_to_nothing_and_back(lab):
    start(lab)
    lab.scale(0)
    lab.run_pods()
    assert lab.pods() == []
    lab.scale(2)
    lab.run_pods()
    assert images(lab) == ["order:v1"] * 2


def test_adopts_a_replica_set_that_matches(lab):
    start(lab)
    before = {pod["metadata"]["uid"] for pod in lab.pods()}
    lab.store.delete(DEPLOYMENTS, NAMESPACE, "order", propagation="Orphan")
    lab.settle()
    assert "ownerReferences" not in lab.replica_sets()[0]["metadata"]
    start(lab)
    assert {pod["metadata"]["uid"] for pod in lab.pods()} == before
    owner = lab.replica_sets()[0]["metadata"]["ownerReferences"][0]
    assert owner["uid"] == lab.deployment()["metadata"]["uid"]


def test_a_selector_without_content_is_refused_in_an_event(lab):
    lab.store._admit = lambda _kind, new, _old: new
    lab.store.create(DEPLOYMENTS, deployment(selector={}))
    lab.settle()
    assert lab.replica_sets() == []
    assert len(lab.events("SelectingAll")) == 1


def test_a_copy_with_another_selector_leaves_the_first_alone(lab):
    start(lab, selector={"matchLabels": {"app": "order"}})
    copy = deployment(name="order-canary", replicas=1, image="order:v2", selector={"matchLabels": {"track": "canary"}})
    copy["spec"]["template"]["metadata"]["labels"] = {"app": "order", "track": "canary"}
    lab.store.create(DEPLOYMENTS, copy)
    lab.run_pods()
    assert images(lab) == ["order:v1"] * 3 + ["order:v2"]
    lab.store.delete(DEPLOYMENTS, NAMESPACE, "order-canary")
    lab.run_pods()
    assert images(lab) == ["order:v1"] * 3
    assert len(lab.store.list(PODS, NAMESPACE)) == 3


def test_a_release_that_never_got_ready_does_not_hold_up_its_replacement(lab):
    lab.store.create(DEPLOYMENTS, deployment(strategy=rolling(1, 0), image="order:v2-crash"))
    lab.run_pods(lambda _pod: False)
    lab.set_image("order:v1")
    lab.run_pods(lambda pod: pod["spec"]["containers"][0]["image"] == "order:v1")
    assert images(lab) == ["order:v1"] * 3


BOUNDS = [(1, 0), (0, 1), ("25%", "25%"), ("100%", "100%"), (0, "10%")]


@pytest.mark.parametrize("strategy", [rolling(*bounds) for bounds in BOUNDS])
def test_a_finished_rollout_does_nothing_more(lab, strategy):
    start(lab, strategy=strategy)
    lab.set_image("order:v2")
    lab.run_pods()
    assert images(lab) == ["order:v2"] * 3
    before = lab.store.revision
    for controller in lab.controllers:
        controller.resync()
    lab.settle()
    assert lab.store.revision == before
