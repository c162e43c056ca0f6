"""Who may call whom in the mesh: mutual TLS keeps strangers out, policies ask for the right identity."""

import pytest
from tests.contract.callers import ask
from tests.contract.pods import Pods
from tests.contract.site import backend
from tests.contract.waiting import converged, until

from cluster.client import GATEWAY_NAMESPACE

SECURITY = "/apis/security.istio.io/v1"
OUTSIDE = {"sidecar.istio.io/inject": "false"}
# Callers are pods of their own, which have to start.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def guarded(site):
    """A backend with a host at the gateway, in a namespace that will be guarded."""
    site.start(backend("web"))
    return site.entrance(app="backend").open()


@pytest.fixture
def callers(api_client, site):
    return Pods(api_client, site.namespace)


def put(site, kind, plural, name, spec):
    body = {"apiVersion": "security.istio.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
    site.api.collection(SECURITY, plural).create(body)


def inside(entrance):
    return f"http://{entrance.name}:8080/"


def is_named_in_an_event(site, kind):
    events = lambda: site.api.events.list(fields={"involvedObject.kind": kind, "reason": "Unsupported"})  # noqa: E731
    return "not enforced" in until(events, "its event")[0]["message"]


def test_a_pod_outside_the_mesh_is_refused(guarded, callers, differs):
    site = guarded.site
    # It is the policy that refuses, nothing else.
    assert ask(callers, inside(guarded), "200", labels=OUTSIDE) == "200"
    put(site, "PeerAuthentication", "peerauthentications", "default", {"mtls": {"mode": "STRICT"}})
    if difference := differs("mtls"):
        assert is_named_in_an_event(site, "PeerAuthentication")
        assert ask(callers, inside(guarded), "200", labels=OUTSIDE) == "200"
        pytest.skip(str(difference))
    assert ask(callers, inside(guarded), "reset", labels=OUTSIDE) == "reset"
    assert ask(callers, inside(guarded), "200") == "200"
    converged(lambda: guarded.get().status_code == 200, "the gateway gets through")


def test_a_pod_of_the_mesh_without_the_right_identity_gets_403(guarded, callers, differs):
    site = guarded.site
    for account in ("friend", "stranger"):
        callers.core.create_namespaced_service_account(site.namespace, {"metadata": {"name": account}})
    put(site, "PeerAuthentication", "peerauthentications", "default", {"mtls": {"mode": "STRICT"}})
    put(site, "AuthorizationPolicy", "authorizationpolicies", "default-deny", {})
    allowed = ["friend", f"{GATEWAY_NAMESPACE}/istio-ingressgateway"]
    rule = {"from": [{"source": {"serviceAccounts": allowed}}]}
    policy = {"selector": {"matchLabels": {"app": "backend"}}, "action": "ALLOW", "rules": [rule]}
    put(site, "AuthorizationPolicy", "authorizationpolicies", "allow-backend", policy)
    if difference := differs("authorization"):
        assert is_named_in_an_event(site, "AuthorizationPolicy")
        assert ask(callers, inside(guarded), "200", spec={"serviceAccountName": "stranger"}) == "200"
        pytest.skip(str(difference))
    assert ask(callers, inside(guarded), "403", spec={"serviceAccountName": "stranger"}) == "403"
    assert ask(callers, inside(guarded), "200", spec={"serviceAccountName": "friend"}) == "200"
    assert ask(callers, inside(guarded), "reset", labels=OUTSIDE) == "reset"
    converged(lambda: guarded.get().status_code == 200, "the gateway gets through")


def test_default_deny_bites_the_gateway_too(guarded, differs):
    put(guarded.site, "AuthorizationPolicy", "authorizationpolicies", "default-deny", {})
    if difference := differs("authorization"):
        assert is_named_in_an_event(guarded.site, "AuthorizationPolicy")
        assert guarded.statuses(20) == {200: 20}
        pytest.skip(str(difference))
    converged(lambda: guarded.get().status_code == 403, "403 for the gateway")
