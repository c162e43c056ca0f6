"""Owners take their dependents along, wait for them, or set them free; also what was left behind by a restart."""

from __future__ import annotations

import pytest
from tests.unit.controllers.lab import NAMESPACE, Lab, deployment

from embedded.apiserver.resources import CONFIG_MAPS, DEPLOYMENTS, GATEWAYS, PODS, REPLICA_SETS, Resource


def config_map(lab, name, *owners, block=True, **meta):
    references = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"],
            "blockOwnerDeletion": block,
        }
        for owner in owners
    ]
    body = {"metadata": {"name": name, "namespace": NAMESPACE, "ownerReferences": references, **meta}}
    return lab.store.create(CONFIG_MAPS, body)


def names(lab):
    return [item["metadata"]["name"] for item in lab.store.list(CONFIG_MAPS, NAMESPACE)]


def delete(lab, name, propagation="Background"):
    lab.store.delete(CONFIG_MAPS, NAMESPACE, name, propagation=propagation)
    lab.settle()


def test_dependents_go_after_their_owner_all_the_way_down(lab):
    owner = config_map(lab, "owner")
    child = config_map(lab, "child", owner)
    config_map(lab, "grandchild", child)
    config_map(lab, "stranger")
    delete(lab, "owner")
    assert names(lab) == ["stranger"]


def test_one_living_owner_is_enough_and_the_dead_one_is_forgotten(lab):
    first, second = config_map(lab, "first"), config_map(lab, "second")
    config_map(lab, "child", first, second)
    delete(lab, "first")
    assert names(lab) == ["child", "second"]
    child = lab.store.get(CONFIG_MAPS, NAMESPACE, "child")
    assert [item["name"] for item in child["metadata"]["ownerReferences"]] == ["second"]
    delete(lab, "second")
    assert names(lab) == []


def test_an_owner_of_the_same_name_that_was_made_later_is_another_one(lab):
    owner = config_map(lab, "owner")
    config_map(lab, "child", owner)
    lab.store.delete(CONFIG_MAPS, NAMESPACE, "owner")
    config_map(lab, "owner")
    lab.settle()
    assert names(lab) == ["owner"]


def test_orphans_stay_and_are_free(lab):
    owner = config_map(lab, "owner")
    config_map(lab, "child", owner)
    delete(lab, "owner", "Orphan")
    assert names(lab) == ["child"]
    assert "ownerReferences" not in lab.store.get(CONFIG_MAPS, NAMESPACE, "child")["metadata"]


def test_in_the_foreground_the_owner_waits_for_dependents_that_block(lab):
    owner = config_map(lab, "owner")
    config_map(lab, "child", owner, finalizers=["example.com/hold"])
    delete(lab, "owner", "Foreground")
    assert names(lab) == ["child", "owner"]
    lab.store.mutate(CONFIG_MAPS, NAMESPACE, "child", lambda body: body["metadata"].pop("finalizers"))
    lab.settle()
    assert names(lab) == []


def test_in_the_foreground_the_owner_does_not_wait_for_others(lab):
    owner = config_map(lab, "owner")
    config_map(lab, "child", owner, block=False, finalizers=["example.com/hold"])
    delete(lab, "owner", "Foreground")
    assert names(lab) == ["child"]


def test_other_finalizers_are_left_to_others(lab):
    owner = config_map(lab, "owner", finalizers=["example.com/hold"])
    config_map(lab, "child", owner)
    delete(lab, "owner", "Foreground")
    assert names(lab) == ["owner"]
    assert lab.store.get(CONFIG_MAPS, NAMESPACE, "owner")["metadata"]["finalizers"] == ["example.com/hold"]


def test_a_deployment_in_the_foreground_goes_after_its_pods(lab):
    lab.store.create(DEPLOYMENTS, deployment())
    lab.run_pods()
    lab.store.delete(DEPLOYMENTS, NAMESPACE, "order", propagation="Foreground")
    lab.settle()
    assert len(lab.store.list(PODS, NAMESPACE)) == 3
    assert lab.deployment()["metadata"]["deletionTimestamp"]
    lab.run_pods()
    assert lab.store.list(PODS, NAMESPACE) + lab.replica_sets() + lab.store.list(DEPLOYMENTS, NAMESPACE) == []


def test_a_deployment_in_the_background_goes_first(lab):
    lab.store.create(DEPLOYMENTS, deployment())
    lab.run_pods()
    lab.store.delete(DEPLOYMENTS, NAMESPACE, "order")
    lab.settle()
    assert lab.store.list(DEPLOYMENTS, NAMESPACE) == lab.replica_sets() == lab.pods() == []
    assert len(lab.store.list(PODS, NAMESPACE)) == 3


@pytest.mark.parametrize("propagation", ["Background", "Foreground"])
def test_a_restart_in_the_middle_loses_nothing(lab, propagation):
    lab.store.create(DEPLOYMENTS, deployment())
    lab.run_pods()
    lab.store.delete(DEPLOYMENTS, NAMESPACE, "order", propagation=propagation)
    again = Lab(lab.store)
    again.run_pods()
    assert again.replica_sets() == again.store.list(PODS, NAMESPACE) == []
    assert again.store.list(DEPLOYMENTS, NAMESPACE) == []


def test_orphaned_pods_survive_a_restart(lab):
    lab.store.create(DEPLOYMENTS, deployment())
    lab.run_pods()
    name = lab.replica_sets()[0]["metadata"]["name"]
    lab.store.delete(DEPLOYMENTS, NAMESPACE, "order", propagation="Orphan")
    again = Lab(lab.store)
    again.run_pods()
    again.store.delete(REPLICA_SETS, NAMESPACE, name, propagation="Orphan")
    Lab(lab.store).run_pods()
    assert len(again.pods()) == 3


def test_an_owner_of_an_unknown_kind_cannot_be_said_to_be_gone(lab):
    reference = {"apiVersion": "unknown.example/v1", "kind": "Thing", "name": "x", "uid": "not-there"}
    config_map(lab, "child", ownerReferences=[reference])
    lab.settle()
    assert names(lab) == ["child"]


def test_kinds_that_were_added_later_take_part(lab):
    things = Resource("things.example", "v1", "things", "Thing")
    lab.registry.add(things)
    owner = lab.store.create(things, {"metadata": {"name": "t", "namespace": NAMESPACE}})
    reference = {"apiVersion": "things.example/v1", "kind": "Thing", "name": "t", "uid": owner["metadata"]["uid"]}
    config_map(lab, "child", ownerReferences=[reference])
    lab.store.create(GATEWAYS, {"metadata": {"name": "g", "namespace": NAMESPACE, "ownerReferences": [reference]}})
    lab.settle()
    assert names(lab) == ["child"]
    lab.store.delete(things, NAMESPACE, "t")
    lab.settle()
    assert names(lab) == lab.store.list(GATEWAYS, NAMESPACE) == []


def test_an_owner_in_another_namespace_does_not_count(lab):
    owner = lab.store.create(CONFIG_MAPS, {"metadata": {"name": "far", "namespace": "default"}})
    config_map(lab, "child", owner)
    lab.settle()
    assert names(lab) == []
