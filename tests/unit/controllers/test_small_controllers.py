"""Namespaces, claims and disruption budgets."""

from __future__ import annotations

import pytest
from tests.unit.controllers.lab import NAMESPACE, Lab, condition, deployment

from embedded.apiserver import defaults
from embedded.apiserver.resources import (
    BUILT_IN,
    CONFIG_MAPS,
    DEPLOYMENTS,
    EVENTS,
    NAMESPACES,
    NETWORK_POLICIES,
    PERSISTENT_VOLUME_CLAIMS,
    POD_DISRUPTION_BUDGETS,
    PODS,
    SERVICE_ACCOUNTS,
)
from embedded.apiserver.store import Store


def accounts(lab):
    return {item["metadata"]["namespace"] for item in lab.store.list(SERVICE_ACCOUNTS)}


def test_a_new_cluster_has_its_namespaces_and_an_account_in_each():
    lab = Lab(Store(admit=defaults.admit))
    lab.settle()
    assert {item["metadata"]["name"] for item in lab.store.list(NAMESPACES)} == {"default", "kube-system"}
    assert accounts(lab) == {"default", "kube-system"}


def test_a_new_namespace_gets_an_account_and_gets_it_back(lab):
    assert NAMESPACE in accounts(lab)
    lab.store.delete(SERVICE_ACCOUNTS, NAMESPACE, "default")
    lab.settle()
    assert NAMESPACE in accounts(lab)


def test_a_namespace_goes_after_everything_in_it(lab):
    lab.store.create(DEPLOYMENTS, deployment())
    lab.store.create(CONFIG_MAPS, {"metadata": {"name": "c", "namespace": NAMESPACE}, "data": {}})
    lab.run_pods()
    pods = lab.pods()
    lab.store.delete(NAMESPACES, "", NAMESPACE)
    lab.settle()
    body = lab.store.get(NAMESPACES, "", NAMESPACE)
    assert body["status"]["phase"] == "Terminating"
    assert condition(body, "NamespaceContentRemaining")["status"] == "True"
    for pod in pods:
        lab.end(pod)
    lab.settle()
    assert lab.store.find(NAMESPACES, "", NAMESPACE) is None
    left = [item for kind in BUILT_IN if kind.namespaced for item in lab.store.list(kind, NAMESPACE)]
    assert left == []


def test_a_namespace_that_was_ending_when_the_cluster_stopped_ends(lab):
    lab.store.create(CONFIG_MAPS, {"metadata": {"name": "c", "namespace": NAMESPACE}, "data": {}})
    lab.store.delete(NAMESPACES, "", NAMESPACE)
    again = Lab(lab.store)
    again.settle()
    assert again.store.find(NAMESPACES, "", NAMESPACE) is None


def test_last_words_about_a_namespace_that_is_gone_are_not_kept(lab):
    lab.store.delete(NAMESPACES, "", NAMESPACE)
    lab.settle()
    event = {
        "metadata": {"name": "late", "namespace": NAMESPACE},
        "involvedObject": {"uid": "u"},
        "reason": "Killing",
        "message": "m",
    }
    lab.store.create(EVENTS, event)
    lab.settle()
    assert lab.store.list(EVENTS, NAMESPACE) == []


def test_events_are_forgotten_an_hour_after_they_were_last_seen(lab):
    budget(lab, maxUnavailable=1, unhealthyPodEvictionPolicy="AlwaysAllow")
    lab.wait(3500)
    assert len(lab.events("Unsupported")) == 1
    lab.wait(400)
    assert lab.events("Unsupported") == []


def claim(**spec):
    return {
        "metadata": {"name": "data", "namespace": NAMESPACE},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **spec},
    }


def test_a_claim_is_bound_at_once(lab):
    lab.store.create(PERSISTENT_VOLUME_CLAIMS, claim())
    lab.settle()
    status = lab.store.get(PERSISTENT_VOLUME_CLAIMS, NAMESPACE, "data")["status"]
    assert status == {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}}
    assert lab.events("Unsupported") == []


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"storageClassName": "fast"}, "spec.storageClassName"),
        ({"volumeMode": "Block"}, "spec.volumeMode: Block"),
        ({"selector": {"matchLabels": {"a": "b"}}}, "spec.selector"),
    ],
)
def test_what_a_claim_does_not_get_is_named(lab, spec, field):
    lab.store.create(PERSISTENT_VOLUME_CLAIMS, claim(**spec))
    lab.settle()
    assert [message.split(" is ")[0] for message in lab.events("Unsupported")] == [field]


def budget(lab, **spec):
    body = {
        "metadata": {"name": "order", "namespace": NAMESPACE},
        "spec": {"selector": {"matchLabels": {"app": "order"}}, **spec},
    }
    lab.store.create(POD_DISRUPTION_BUDGETS, body)
    lab.settle()


def numbers(lab):
    status = lab.store.get(POD_DISRUPTION_BUDGETS, NAMESPACE, "order")["status"]
    return tuple(status[field] for field in ("expectedPods", "currentHealthy", "desiredHealthy", "disruptionsAllowed"))


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"maxUnavailable": 1}, (4, 4, 3, 1)),
        ({"minAvailable": 3}, (4, 4, 3, 1)),
        ({"minAvailable": "30%"}, (4, 4, 2, 2)),
        ({"maxUnavailable": "30%"}, (4, 4, 2, 2)),
        ({"minAvailable": 9}, (4, 4, 9, 0)),
    ],
)
def test_a_budget_counts_as_in_kubernetes(lab, spec, expected):
    lab.store.create(DEPLOYMENTS, deployment(replicas=4))
    lab.run_pods()
    budget(lab, **spec)
    assert numbers(lab) == expected


def test_a_budget_follows_its_pods(lab):
    lab.store.create(DEPLOYMENTS, deployment(replicas=2))
    lab.run_pods()
    budget(lab, maxUnavailable=1)
    assert numbers(lab) == (2, 2, 1, 1)
    lab.set_ready(lab.pods()[0], False)
    lab.settle()
    assert numbers(lab) == (2, 1, 1, 0)
    body = lab.store.get(POD_DISRUPTION_BUDGETS, NAMESPACE, "order")
    assert condition(body, "DisruptionAllowed")["status"] == "False"
    lab.run_pods()
    lab.store.delete(PODS, NAMESPACE, lab.pods()[0]["metadata"]["name"])
    lab.settle()
    assert numbers(lab) == (2, 1, 1, 0)
    lab.run_pods()
    assert numbers(lab) == (2, 2, 1, 1)


def test_a_budget_without_pods_allows_nothing(lab):
    budget(lab, maxUnavailable=1)
    assert numbers(lab) == (0, 0, 0, 0)


def test_what_a_budget_does_not_get_is_named(lab):
    budget(lab, maxUnavailable=1, unhealthyPodEvictionPolicy="AlwaysAllow")
    assert lab.events("Unsupported")[0].startswith("spec.unhealthyPodEvictionPolicy")


def test_a_network_policy_is_said_to_have_no_effect(lab):
    spec = {"podSelector": {}, "policyTypes": ["Ingress"]}
    lab.store.create(NETWORK_POLICIES, {"metadata": {"name": "deny", "namespace": NAMESPACE}, "spec": spec})
    lab.settle()
    lab.settle()
    said = [event for event in lab.store.list(EVENTS, NAMESPACE) if event["involvedObject"]["name"] == "deny"]
    assert [(event["type"], event["reason"]) for event in said] == [("Warning", "Unsupported")]
