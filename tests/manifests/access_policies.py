"""Who may reach whom, and what must not stand in Git: policies for every overlay."""

import re

from tests.manifests.policies import SERVING, WORKLOADS
from tests.manifests.rendered import SERVICES, containers, includes, named, of_kind, pod_labels

GATEWAY = "istio-system/istio-ingressgateway"
# Who asks a service from inside the mesh. Whoever is not named here gets 403.
CALLERS = {"user": {"order"}}
GRANTED = {service: {GATEWAY} | CALLERS.get(service, set()) for service in SERVICES} | {"postgres": set(SERVICES)}
# Set-up makes these Secrets, or the team brings them; their keys.
BROUGHT = {f"{service}-database": {"url"} for service in SERVICES} | {
    "postgres": {"superuser-password", *(f"{service}-password" for service in SERVICES)}
}
_CREDENTIALS = re.compile(r"://[^/@\s]+:[^/@\s]+@")


def mutual_tls_is_strict(objects):
    modes = {body["spec"]["mtls"]["mode"] for body in of_kind(objects, "PeerAuthentication")}
    if modes != {"STRICT"}:
        yield f"mutual TLS is {modes}"


def what_is_not_allowed_is_denied(objects):
    if not any(policy["spec"] == {} for policy in of_kind(objects, "AuthorizationPolicy")):
        yield "nothing denies what is not allowed"


def access_is_granted_by_name(objects):
    """Accounts are written out: neither a wildcard nor a trust domain, and each of this namespace exists."""
    for policy in _allowing(objects):
        name, labels = policy["metadata"]["name"], policy["spec"]["selector"]["matchLabels"]
        if not any(includes(pod_labels(each), labels) for each in of_kind(objects, *SERVING)):
            yield f"{name} selects no pods"
        for source in _sources(policy):
            if set(source) != {"serviceAccounts"} or any("*" in account for account in source["serviceAccounts"]):
                yield f"{name} allows {source}, not accounts by their names"
        for account in _accounts(policy):
            if "/" not in account and named(objects, "ServiceAccount", account) is None:
                yield f"{name} allows {account}, which does not exist"


def access_is_granted_to_these_alone(objects):
    for policy in _allowing(objects):
        app, accounts = policy["spec"]["selector"]["matchLabels"]["app"], set(_accounts(policy))
        if accounts != GRANTED.get(app):
            yield f"{policy['metadata']['name']} lets {sorted(accounts)} reach {app}"


def _allowing(objects):
    return [body for body in of_kind(objects, "AuthorizationPolicy") if body["spec"]]


def _sources(policy):
    for rule in policy["spec"]["rules"]:
        # A rule without `from` allows everybody.
        yield from (entry["source"] for entry in rule.get("from", [{"source": {}}]))


def _accounts(policy):
    for source in _sources(policy):
        yield from source.get("serviceAccounts", [])


def secrets_stay_out_of_git(objects):
    yield from (f"Secret {body['metadata']['name']} stands in Git" for body in of_kind(objects, "Secret"))
    for body in of_kind(objects, "ConfigMap"):
        yield from _credentials(body["metadata"]["name"], body.get("data", {}))
    for workload in of_kind(objects, *WORKLOADS):
        for container in containers(workload):
            yield from _credentials(
                container["name"], {e["name"]: e.get("value", "") for e in container.get("env", [])}
            )


def _credentials(where, values):
    for name, value in values.items():
        if _CREDENTIALS.search(value) or (value and "PASSWORD" in name):
            yield f"{name} of {where} holds a password"


def secrets_are_those_of_setup(objects):
    for workload in of_kind(objects, *WORKLOADS):
        for container in containers(workload):
            for entry in container.get("env", []):
                reference = entry.get("valueFrom", {}).get("secretKeyRef")
                if reference and reference["key"] not in BROUGHT.get(reference["name"], ()):
                    yield f"nobody makes key {reference['key']} of Secret {reference['name']}"


POLICIES = [
    access_is_granted_by_name,
    access_is_granted_to_these_alone,
    mutual_tls_is_strict,
    secrets_are_those_of_setup,
    secrets_stay_out_of_git,
    what_is_not_allowed_is_denied,
]
