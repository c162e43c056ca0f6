"""NetworkPolicies, on a cluster whose network plugin knows them."""

import pytest
from kubernetes import client
from tests.contract.callers import ask
from tests.contract.waiting import until
from tests.contract.workloads import deployment

WEB = "http://web:80/"
FRIEND = {"role": "friend"}

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def guarded(workloads):
    """A server that nobody but friends may reach."""
    ports = [{"name": "http", "port": 80, "targetPort": "http"}]
    body = {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": ports}}
    workloads.core.create_namespaced_service(workloads.namespace, body)
    workloads.start(deployment(replicas=1))
    networking = client.NetworkingV1Api(workloads.api_client)
    rule = {"from": [{"podSelector": {"matchLabels": FRIEND}}]}
    policy = {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Ingress"], "ingress": [rule]}
    networking.create_namespaced_network_policy(workloads.namespace, {"metadata": {"name": "web"}, "spec": policy})


def test_only_what_a_policy_allows_gets_through(guarded, pods, differs):
    if difference := differs("network-policy"):
        until(lambda: "spec is not supported" in "".join(pods.events("Unsupported")), "its event")
        assert ask(pods, WEB, "200") == "200"
        pytest.skip(str(difference))
    # A plugin drops what is not allowed, or rejects it.
    outcome = ask(pods, WEB, "timeout|refused")
    if outcome == "200":
        pytest.skip("the network plugin of this cluster enforces no NetworkPolicy")
    assert outcome in ("timeout", "refused")
    assert ask(pods, WEB, "200", labels=FRIEND) == "200"
