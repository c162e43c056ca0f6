"""A Deployment's life on any cluster: roll out, get stuck, go back, scale, and leave."""

import pytest
from tests.contract.waiting import until
from tests.contract.workloads import deployment, has_condition, release

REVISION = "deployment.kubernetes.io/revision"


def names(pods):
    return {pod.metadata.name for pod in pods}


def revisions(workloads):
    return {item.metadata.name: item.metadata.annotations[REVISION] for item in workloads.replica_sets()}


def test_rolls_out_a_second_release_and_keeps_the_first_as_history(workloads):
    workloads.start(deployment())
    first = names(workloads.pods())
    body = workloads.deployment()
    assert has_condition(body, "Available", "True", "MinimumReplicasAvailable")
    assert has_condition(body, "Progressing", "True", "NewReplicaSetAvailable")
    workloads.patch(release(release="2"))
    workloads.complete()
    assert not first & names(workloads.pods())
    assert sorted(revisions(workloads).values()) == ["1", "2"]
    assert sorted(item.spec.replicas for item in workloads.replica_sets()) == [0, 2]
    assert workloads.deployment().metadata.annotations[REVISION] == "2"


def test_a_controller_tells_which_generation_it_has_seen(workloads):
    workloads.start(deployment(replicas=1))
    seen = workloads.deployment()
    assert (seen.metadata.generation, seen.status.observed_generation) == (1, 1)
    changed = workloads.patch({"spec": {"paused": True}})
    assert changed.metadata.generation == 2
    until(lambda: workloads.deployment().status.observed_generation == 2, "the second generation seen")


def test_a_release_that_never_gets_ready_takes_nothing_away_and_can_be_undone(workloads):
    workloads.start(deployment(progressDeadlineSeconds=3))
    first = names(workloads.pods())
    (old,) = workloads.replica_sets()
    workloads.patch(release(path="/missing"))
    until(
        lambda: has_condition(workloads.deployment(), "Progressing", "False", "ProgressDeadlineExceeded"),
        "the deadline passed",
    )
    assert names(workloads.ready()) == first
    assert len(workloads.pods()) == 3
    workloads.patch(release())
    workloads.complete()
    assert names(workloads.pods()) == first
    assert revisions(workloads)[old.metadata.name] == "3"


def test_scales_and_replaces_what_is_deleted(workloads):
    workloads.start(deployment(replicas=1))
    workloads.apps.patch_namespaced_deployment_scale("web", workloads.namespace, {"spec": {"replicas": 3}})
    workloads.complete()
    victim = workloads.pods()[0].metadata.name
    workloads.core.delete_namespaced_pod(victim, workloads.namespace)
    until(lambda: victim not in names(workloads.pods()) and len(workloads.ready()) == 3, "the pod replaced")
    workloads.patch({"spec": {"replicas": 0}})
    until(lambda: not workloads.pods(), "no pod left")


def test_recreate_has_no_two_releases_at_once(workloads):
    workloads.start(deployment(strategy={"type": "Recreate", "rollingUpdate": None}))
    workloads.patch(release(release="2"))

    def done():
        # A pod whose containers have ended may still be listed for a moment.
        running = [item for item in workloads.all_pods() if item.status.phase not in ("Succeeded", "Failed")]
        assert len({item.metadata.labels["pod-template-hash"] for item in running}) <= 1
        return workloads.is_complete("web")

    until(done, "recreated")


def test_orphaned_pods_stay_and_are_adopted_by_the_next_of_the_same_template(workloads):
    workloads.start(deployment())
    before = names(workloads.pods())
    workloads.apps.delete_namespaced_deployment("web", workloads.namespace, propagation_policy="Orphan")
    until(lambda: not workloads.replica_sets()[0].metadata.owner_references, "the ReplicaSet set free")
    until(lambda: not workloads.apps.list_namespaced_deployment(workloads.namespace).items, "itself gone")
    workloads.start(deployment())
    assert names(workloads.pods()) == before
    assert len(workloads.replica_sets()) == 1


@pytest.mark.parametrize("propagation", ["Background", "Foreground"])
def test_deleted_with_all_that_it_owns(workloads, propagation):
    workloads.start(deployment())
    workloads.apps.delete_namespaced_deployment("web", workloads.namespace, propagation_policy=propagation)
    until(lambda: not workloads.all_pods(), "its pods gone")
    until(lambda: not workloads.replica_sets(), "its ReplicaSets gone")
    until(lambda: not workloads.apps.list_namespaced_deployment(workloads.namespace).items, "itself gone")
