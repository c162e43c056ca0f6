"""A ReplicaSet keeps its number of pods, chooses well which to take away, and owns what it selects."""

from __future__ import annotations

import random

import pytest
from tests.unit.controllers.lab import NAMESPACE, condition, template

from embedded.apiserver.errors import ApiError
from embedded.apiserver.resources import PODS, REPLICA_SETS
from embedded.controllers.replicaset import deletion_rank


def replica_set(replicas=3, **spec):
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {"name": "order-abc", "namespace": NAMESPACE},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "order"}},
            "template": template(),
            **spec,
        },
    }


def start(lab, **spec):
    lab.store.create(REPLICA_SETS, replica_set(**spec))
    lab.run_pods()


def status(lab):
    return lab.store.get(REPLICA_SETS, NAMESPACE, "order-abc")["status"]


def change(lab, **spec):
    lab.store.mutate(REPLICA_SETS, NAMESPACE, "order-abc", lambda body: body["spec"].update(spec))


def loose_pod(name="loose", **labels):
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
        "spec": template()["spec"],
    }


def test_makes_pods_of_the_template_and_counts_them(lab):
    start(lab)
    pods = lab.pods(app="order")
    assert len(pods) == 3
    assert all(pod["metadata"]["name"].startswith("order-abc-") for pod in pods)
    assert len(lab.events("SuccessfulCreate")) == 3
    counts = ("replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas")
    assert [status(lab)[field] for field in counts] == [3] * 4


def test_replaces_a_pod_that_is_deleted_and_one_that_failed(lab):
    start(lab)
    first, second, _third = lab.pods()
    lab.store.delete(PODS, NAMESPACE, first["metadata"]["name"])
    lab.store.mutate(
        PODS, NAMESPACE, second["metadata"]["name"], lambda body: body["status"].update(phase="Failed"), "status"
    )
    lab.run_pods()
    running = [pod for pod in lab.pods() if pod["status"]["phase"] == "Running"]
    assert len(running) == 3
    assert status(lab)["replicas"] == 3


def test_a_terminating_pod_does_not_count_and_is_replaced_at_once(lab):
    start(lab)
    lab.store.delete(PODS, NAMESPACE, lab.pods()[0]["metadata"]["name"])
    lab.settle()
    assert len(lab.pods()) == 3
    assert len(lab.store.list(PODS, NAMESPACE)) == 4


def test_takes_away_what_is_not_ready_first(lab):
    start(lab)
    bad = lab.pods()[1]
    lab.set_ready(bad, False)
    change(lab, replicas=2)
    lab.settle()
    assert bad["metadata"]["name"] not in {pod["metadata"]["name"] for pod in lab.pods()}
    assert lab.events("SuccessfulDelete") == [f"Deleted pod: {bad['metadata']['name']}"]


def ranked(name, node="embedded", phase="Running", ready=True, since=1000, restarts=0, created=1000, cost=None):
    moment = f"2026-01-01T00:{since // 60:02}:{since % 60:02}Z"
    annotations = {"controller.kubernetes.io/pod-deletion-cost": cost} if cost else {}
    return {
        "metadata": {
            "name": name,
            "creationTimestamp": f"2026-01-01T00:{created // 60:02}:{created % 60:02}Z",
            "annotations": annotations,
        },
        "spec": {"nodeName": node} if node else {},
        "status": {
            "phase": phase,
            "conditions": [{"type": "Ready", "status": str(ready), "lastTransitionTime": moment}],
            "containerStatuses": [{"restartCount": restarts}],
        },
    }


def test_order_of_deletion_is_kubernetes_own():
    expected = [
        ranked("unassigned", node=None, phase="Pending", ready=False),
        ranked("pending", phase="Pending", ready=False),
        ranked("unready", ready=False),
        ranked("cheap", cost="-10"),
        ranked("ready-for-a-moment", since=2000),
        ranked("restarted-often", restarts=7),
        ranked("new", created=1001),
        ranked("old"),
        ranked("ready-for-long", since=10),
        ranked("dear", since=2000, cost="10"),
    ]
    shuffled = random.Random(1).sample(expected, len(expected))
    assert [pod["metadata"]["name"] for pod in sorted(shuffled, key=deletion_rank)] == [
        pod["metadata"]["name"] for pod in expected
    ]


def test_adopts_a_pod_that_matches_and_counts_it(lab):
    lab.store.create(PODS, loose_pod(app="order"))
    start(lab)
    assert len(lab.pods()) == 3
    owner = lab.store.get(PODS, NAMESPACE, "loose")["metadata"]["ownerReferences"][0]
    assert (owner["kind"], owner["name"], owner["controller"]) == ("ReplicaSet", "order-abc", True)


def test_leaves_alone_what_does_not_match_or_is_another_controllers(lab):
    lab.store.create(PODS, loose_pod("stranger", app="user"))
    taken = loose_pod("taken", app="order")
    taken["metadata"]["ownerReferences"] = [
        {"apiVersion": "batch.example/v1", "kind": "Job", "name": "j", "uid": "u", "controller": True}
    ]
    lab.store.create(PODS, taken)
    start(lab)
    assert len(lab.pods()) == 5
    assert "ownerReferences" not in lab.store.get(PODS, NAMESPACE, "stranger")["metadata"]
    assert lab.store.get(PODS, NAMESPACE, "taken")["metadata"]["ownerReferences"][0]["kind"] == "Job"


def test_releases_a_pod_whose_labels_no_longer_match_and_replaces_it(lab):
    start(lab)
    name = lab.pods()[0]["metadata"]["name"]
    lab.store.mutate(PODS, NAMESPACE, name, lambda body: body["metadata"]["labels"].update(app="debug"))
    lab.run_pods()
    assert "ownerReferences" not in lab.store.get(PODS, NAMESPACE, name)["metadata"]
    assert len(lab.pods(app="order")) == 3


def test_available_only_after_min_ready_seconds(lab):
    start(lab, minReadySeconds=10)
    assert (status(lab)["readyReplicas"], status(lab)["availableReplicas"]) == (3, 0)
    lab.wait(10)
    assert status(lab)["availableReplicas"] == 3


def test_a_refused_pod_is_named_and_tried_again(lab):
    admit = lab.store._admit

    def refuse(resource, new, old):
        if resource == PODS:
            raise ApiError(403, "Forbidden", "exceeded quota")
        return admit(resource, new, old)

    lab.store._admit = refuse
    start(lab)
    failure = condition({"status": status(lab)}, "ReplicaFailure")
    assert (failure["status"], failure["reason"], failure["message"]) == ("True", "FailedCreate", "exceeded quota")
    assert lab.events("FailedCreate") == ["Error creating: exceeded quota"]
    lab.store._admit = admit
    lab.wait(5)
    lab.run_pods()
    assert status(lab)["readyReplicas"] == 3
    assert not status(lab).get("conditions")


def test_one_being_deleted_makes_no_more_pods(lab):
    start(lab)
    lab.store.delete(REPLICA_SETS, NAMESPACE, "order-abc", propagation="Foreground")
    lab.settle()
    assert lab.pods() == []


@pytest.mark.parametrize("replicas", [0, 1])
def test_surplus_goes(lab, replicas):
    start(lab)
    change(lab, replicas=replicas)
    lab.run_pods()
    assert len(lab.store.list(PODS, NAMESPACE)) == replicas
    assert status(lab)["replicas"] == replicas
