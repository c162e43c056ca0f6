"""What people changed by hand is taken over, and what controllers and other addresses own is not."""

import pytest

from cluster.ownership import adopt

US = "proving-ground"
CONTAINER = {"f:env": {'k:{"name":"A"}': {"f:value": {}}}}
ENV = {"f:template": {"f:spec": {"f:containers": {'k:{"name":"order"}': CONTAINER}}}}


def entry(manager, fields, operation="Update", **more):
    return {"manager": manager, "operation": operation, "fieldsV1": fields, **more}


def live(*entries, kind="Deployment"):
    ours = entry(US, {"f:spec": {"f:replicas": {}, "f:template": {"f:spec": {"f:dnsPolicy": {}}}}}, "Apply")
    return {"kind": kind, "metadata": {"managedFields": [ours, *entries]}}


def test_a_variable_set_by_hand_becomes_ours():
    [own, rest] = adopt(live(entry("kubectl-set", {"f:spec": ENV, "f:metadata": {"f:labels": {}}})), US)
    assert own["fieldsV1"]["f:spec"]["f:replicas"] == {}
    template = own["fieldsV1"]["f:spec"]["f:template"]["f:spec"]
    assert set(template) == {"f:dnsPolicy", "f:containers"}
    assert rest["fieldsV1"] == {"f:metadata": {"f:labels": {}}}


def test_an_entry_that_is_taken_over_as_a_whole_is_gone():
    assert [each["manager"] for each in adopt(live(entry("kubectl-edit", {"f:spec": ENV})), US)] == [US]


def test_the_object_that_was_read_stays_as_it_is():
    body = live(entry("kubectl-set", {"f:spec": ENV}))
    adopt(body, US)
    assert body == live(entry("kubectl-set", {"f:spec": ENV}))


@pytest.mark.parametrize(
    "body",
    [
        live(),
        live(entry("kube-controller-manager", {"f:spec": {"f:replicas": {}}})),
        live(entry("kubectl", {"f:spec": {"f:replicas": {}}}, subresource="scale")),
        live(entry("kubelet", {"f:status": {}}, subresource="status")),
        live(entry("kubectl-label", {"f:metadata": {"f:labels": {"f:a": {}}}})),
        live(entry("another-applier", {"f:spec": ENV}, "Apply")),
        live(entry("kube-controller-manager", {"f:spec": {"f:volumeName": {}}}), kind="PersistentVolumeClaim"),
        live(entry("kubectl-edit", {"f:spec": {"f:volumeName": {}}}), kind="PersistentVolumeClaim"),
        {"kind": "Deployment", "metadata": {"managedFields": [entry("kubectl-create", {"f:spec": ENV})]}},
        {"kind": "Deployment", "metadata": {}},
    ],
)
def test_nothing_else_is_taken_over(body):
    assert adopt(body, US) is None
