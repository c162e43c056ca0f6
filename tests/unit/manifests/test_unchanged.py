"""What staging changed is told by the fields that it owns: an autoscaler or a webhook that writes too is no change."""

import copy

import pytest

from cluster.fields import values
from cluster.objects import FIELD_MANAGER, unchanged
from cluster.ownership import leave_replicas

CONTAINER = 'k:{"name":"order"}'
FIELDS = {
    "f:metadata": {"f:labels": {"f:app": {}}, "f:finalizers": {'v:"keep"': {}}},
    "f:spec": {
        "f:replicas": {},
        "f:template": {"f:spec": {"f:containers": {CONTAINER: {".": {}, "f:image": {}, "f:name": {}}}}},
    },
}


def deployment(fields=FIELDS, image="order:v1", replicas=2):
    containers = [{"name": "istio-proxy", "image": "p"}, {"name": "order", "image": image, "imagePullPolicy": "Never"}]
    entry = {"manager": FIELD_MANAGER, "operation": "Apply", "fieldsV1": fields}
    return {
        "kind": "Deployment",
        "metadata": {
            "uid": "u",
            "labels": {"app": "order"},
            "finalizers": ["keep"],
            "annotations": {"deployment.kubernetes.io/revision": "1"},
            "managedFields": [entry],
        },
        "spec": {"replicas": replicas, "template": {"spec": {"containers": containers}}},
    }


def without_replicas():
    fields = copy.deepcopy(FIELDS)
    del fields["f:spec"]["f:replicas"]
    return fields


def test_values_are_those_of_the_fields_and_no_others():
    assert values(deployment(), FIELDS) == {
        "f:metadata": {"f:labels": {"f:app": "order"}, "f:finalizers": {'v:"keep"': True}},
        "f:spec": {
            "f:replicas": 2,
            "f:template": {"f:spec": {"f:containers": {CONTAINER: {"f:image": "order:v1", "f:name": "order"}}}},
        },
    }


@pytest.mark.parametrize(
    "write",
    [
        lambda body: body["metadata"]["annotations"].update({"deployment.kubernetes.io/revision": "2"}),
        lambda body: body["metadata"].update(resourceVersion="7", generation=3),
        lambda body: body["spec"]["template"]["spec"]["containers"].pop(0),
        lambda body: body["spec"]["template"]["spec"]["containers"][1].update(imagePullPolicy="Always"),
        lambda body: body.update(status={"replicas": 9}),
    ],
)
def test_what_others_own_is_no_change(write):
    after = deployment()
    write(after)
    assert unchanged(deployment(), after)


def test_the_number_of_replicas_is_the_autoscalers_where_no_manifest_states_it():
    assert unchanged(deployment(without_replicas()), deployment(without_replicas(), replicas=9))
    assert not unchanged(deployment(), deployment(replicas=9))


@pytest.mark.parametrize(
    "after",
    [
        deployment(image="order:v2"),
        deployment(without_replicas()),
        {**deployment(), "metadata": {**deployment()["metadata"], "uid": "another"}},
        {**deployment(), "metadata": {**deployment()["metadata"], "finalizers": []}},
    ],
)
def test_what_the_manifest_states_is(after):
    assert not unchanged(deployment(), after)


def test_what_somebody_added_by_hand_and_was_taken_away_is_a_change():
    before = deployment()
    before["spec"]["paused"] = True
    by_hand = {"manager": "kubectl-edit", "operation": "Update", "fieldsV1": {"f:spec": {"f:paused": {}}}}
    before["metadata"]["managedFields"].append(by_hand)
    assert not unchanged(before, deployment())


def test_an_object_of_somebody_elses_is_compared_as_a_whole():
    before, after = deployment(), deployment()
    before["metadata"]["managedFields"] = []
    assert unchanged(before, after)
    before["spec"]["paused"] = True
    assert not unchanged(before, after)


def test_replicas_are_left_to_the_autoscaler_rather_than_taken_away():
    [entry] = leave_replicas(deployment(), {"spec": {}}, FIELD_MANAGER)
    assert entry["fieldsV1"] == without_replicas()
    assert leave_replicas(deployment(), {"spec": {"replicas": 3}}, FIELD_MANAGER) is None
    assert leave_replicas(deployment(without_replicas()), {"spec": {}}, FIELD_MANAGER) is None
    assert leave_replicas({"kind": "ConfigMap", "metadata": {}}, {"data": {}}, FIELD_MANAGER) is None
