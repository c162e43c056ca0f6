"""Disruption budgets: what they count, and which evictions they hold back."""

import pytest
from kubernetes import client
from tests.contract.waiting import until
from tests.contract.workloads import deployment


@pytest.fixture
def budget(workloads):
    """Two pods, of which one may go."""
    workloads.start(deployment())
    body = {"metadata": {"name": "web"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}}
    workloads.policy.create_namespaced_pod_disruption_budget(workloads.namespace, body)
    until(lambda: allowed(workloads) == 1, "one may go")
    return body


def status(workloads):
    return workloads.policy.read_namespaced_pod_disruption_budget("web", workloads.namespace).status


def allowed(workloads):
    return status(workloads).disruptions_allowed


def evict(workloads, name):
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
    workloads.core.create_namespaced_pod_eviction(name, workloads.namespace, body)


def test_a_budget_counts(workloads, budget):
    found = status(workloads)
    assert (found.expected_pods, found.current_healthy, found.desired_healthy) == (2, 2, 1)


def test_an_eviction_within_the_budget_is_a_deletion(workloads, budget):
    name = workloads.pods()[0].metadata.name
    evict(workloads, name)
    until(lambda: name not in {pod.metadata.name for pod in workloads.all_pods()}, "the pod gone")
    until(lambda: len(workloads.ready()) == 2, "another in its place")


def test_an_eviction_beyond_the_budget_is_refused_and_harmless(workloads, budget):
    patch = {"spec": {"minAvailable": 2}}
    workloads.policy.patch_namespaced_pod_disruption_budget("web", workloads.namespace, patch)
    until(lambda: allowed(workloads) == 0, "none may go")
    with pytest.raises(client.ApiException) as refusal:
        evict(workloads, workloads.pods()[0].metadata.name)
    assert refusal.value.status == 429
    assert "would violate the pod's disruption budget" in refusal.value.body
    assert len(workloads.ready()) == 2
