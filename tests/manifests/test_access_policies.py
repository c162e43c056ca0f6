"""Who may reach whom: each policy finds the breach that it is made for."""

import pytest
from tests.manifests import access_policies as policies
from tests.manifests.breaking import allowed, container, order, settings
from tests.manifests.rendered import named, overlay, pod_of


def secret_url(objects):
    return container(objects)["env"][0]["valueFrom"]["secretKeyRef"]


# (policy, how it is broken, words of the complaint)
BREACHES = {
    "plain text": (
        policies.mutual_tls_is_strict,
        lambda o: named(o, "PeerAuthentication", "default")["spec"]["mtls"].update(mode="PERMISSIVE"),
        "PERMISSIVE",
    ),
    "no peer authentication": (
        policies.mutual_tls_is_strict,
        lambda o: o.remove(named(o, "PeerAuthentication", "default")),
        "mutual TLS is",
    ),
    "no default deny": (
        policies.what_is_not_allowed_is_denied,
        lambda o: o.remove(named(o, "AuthorizationPolicy", "default-deny")),
        "nothing denies",
    ),
    "unknown account": (
        policies.access_is_granted_by_name,
        lambda o: o.remove(named(o, "ServiceAccount", "order")),
        "allows order",
    ),
    "any account": (
        policies.access_is_granted_by_name,
        lambda o: allowed(o)["from"][0]["source"].update(serviceAccounts=["*"]),
        "not accounts by their names",
    ),
    "any principal": (
        policies.access_is_granted_by_name,
        lambda o: allowed(o)["from"].append({"source": {"principals": ["*"]}}),
        "not accounts by their names",
    ),
    "a whole namespace": (
        policies.access_is_granted_by_name,
        lambda o: allowed(o)["from"].append({"source": {"namespaces": ["istio-system"]}}),
        "not accounts by their names",
    ),
    "everybody": (policies.access_is_granted_by_name, lambda o: allowed(o).pop("from"), "not accounts by their names"),
    "allowed to no pods": (
        policies.access_is_granted_by_name,
        lambda o: named(o, "AuthorizationPolicy", "allow-user")["spec"]["selector"]["matchLabels"].update(app="users"),
        "selects no pods",
    ),
    "user reaches order": (
        policies.access_is_granted_to_these_alone,
        lambda o: allowed(o)["from"][0]["source"]["serviceAccounts"].append("user"),
        "reach order",
    ),
    "gateway reaches the database": (
        policies.access_is_granted_to_these_alone,
        lambda o: allowed(o, "allow-postgres")["from"][0]["source"]["serviceAccounts"].append(policies.GATEWAY),
        "reach postgres",
    ),
    "order no longer reaches user": (
        policies.access_is_granted_to_these_alone,
        lambda o: allowed(o, "allow-user")["from"][0]["source"]["serviceAccounts"].remove("order"),
        "reach user",
    ),
    "secret": (
        policies.secrets_stay_out_of_git,
        lambda o: o.append({"kind": "Secret", "metadata": {"name": "order-database"}, "data": {"url": "eA=="}}),
        "Secret order-database",
    ),
    "password in the environment": (
        policies.secrets_stay_out_of_git,
        lambda o: container(o)["env"].append({"name": "ORDER_PASSWORD", "value": "order"}),
        "ORDER_PASSWORD",
    ),
    "password in a URL": (
        policies.secrets_stay_out_of_git,
        lambda o: settings(o).update(DATABASE_URL="postgresql://order:order@postgres/order"),
        "DATABASE_URL",
    ),
    "unknown secret": (policies.secrets_are_those_of_setup, lambda o: secret_url(o).update(name="orders"), "orders"),
    "unknown key": (policies.secrets_are_those_of_setup, lambda o: secret_url(o).update(key="uri"), "key uri"),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_it_finds_its_breach(breach):
    policy, damage, words = BREACHES[breach]
    objects = overlay("kind")
    assert list(policy(objects)) == []
    damage(objects)
    assert words in "; ".join(policy(objects))


def test_every_policy_has_a_breach():
    assert {policy for policy, _damage, _words in BREACHES.values()} == set(policies.POLICIES)


def test_services_and_their_migrations_get_the_same_database():
    objects = overlay("kind")
    migration = pod_of(named(objects, "Job", "order-migrate"))["containers"][0]
    assert migration["env"] == pod_of(order(objects))["containers"][0]["env"]
    assert secret_url(objects) == {"name": "order-database", "key": "url"}
