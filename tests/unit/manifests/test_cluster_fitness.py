"""What a cluster lacks is told at once, in a line each, before anything is written; what it has is not asked about."""

import base64
import json

import pytest
import yaml
from tests.unit.manifests.fake_cluster import FakeTransport

from cluster.client import Cluster
from cluster.errors import ClusterError, Conflict, Forbidden
from cluster.needs import needs
from cluster.permissions import Right, UnfitError, check_fit, needed_rights
from cluster.secrets import ensure
from cluster.settings import Settings

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
GATEWAY = "/api/v1/namespaces/istio-system/services/istio-ingressgateway"


class Guarded(FakeTransport):
    """An API server that allows what `allows` says, and counts the questions."""

    def __init__(self, *without):
        super().__init__(*without)
        self.allows = lambda _attributes: True
        self.asked = []
        self.objects[GATEWAY] = {"kind": "Service", "metadata": {"name": "istio-ingressgateway"}, "spec": {}}

    def request(self, method, path, *, body=None, query=None, content_type="application/json", timeout=None):
        if path == REVIEWS:
            attributes = body["spec"]["resourceAttributes"]
            self.asked.append(attributes)
            return json.dumps({"status": {"allowed": self.allows(attributes)}}).encode()
        if method == "POST":
            return json.dumps(self.create(path, body)).encode()
        return super().request(method, path, body=body, query=query, content_type=content_type)

    def create(self, path, body):
        place = f"{path}/{body['metadata']['name']}"
        if place in self.objects:
            raise Conflict(place)
        self.journal.append(f"create {body['kind']}/{body['metadata']['name']}")
        return self.put(place, body)


@pytest.fixture
def api():
    return Guarded()


@pytest.fixture
def cluster(api):
    return Cluster(api, Settings("", None, "shop", None, None, confirmed=True))


OBJECTS = list(
    yaml.safe_load_all("""\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: shop}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: shop}
""")
)


def test_whoever_may_do_everything_is_asked_once(cluster, api):
    check_fit(cluster, OBJECTS)
    assert api.asked == [{"verb": "*", "group": "*", "resource": "*"}]
    assert api.journal == []


def only_reads(attributes):
    return attributes["verb"] in ("get", "list", "watch")


def test_all_missing_rights_are_one_line(cluster, api):
    api.allows = only_reads
    with pytest.raises(UnfitError) as error:
        check_fit(cluster, OBJECTS)
    [line] = error.value.problems
    assert "\n" not in line
    assert "configmaps (create, delete, patch) in namespace shop" in line
    assert "virtualservices.networking.istio.io (create, delete, patch) in namespace shop" in line
    assert "namespaces (create, patch) in the whole cluster" in line
    assert "deployments.apps/scale (patch)" in line
    assert api.journal == []


def test_every_right_is_one_that_staging_or_releasing_uses(cluster):
    rights = needed_rights(cluster, OBJECTS)
    assert Right("istio-system", "", "services", "get") in rights
    assert Right("observability", "", "services/proxy", "get") in rights
    assert Right("", "", "namespaces", "patch") in rights
    assert not [right for right in rights if right.verb == "delete" and right.resource == "namespaces"]
    assert not {right.namespace for right in needed_rights(cluster, OBJECTS, releases=False)} - {"shop", ""}


def test_addresses_that_are_given_need_no_rights(api):
    given = Cluster(api, Settings("", None, "shop", "http://gateway", "http://prometheus", confirmed=True))
    assert {right.namespace for right in needed_rights(given, OBJECTS)} == {"shop", ""}


def test_missing_istio_and_missing_gateway_are_a_line_each():
    api = Guarded("istio.io")
    del api.objects[GATEWAY]
    with pytest.raises(UnfitError) as error:
        check_fit(Cluster(api, Settings("", None, "shop", None, None, confirmed=True)), OBJECTS)
    istio, gateway = error.value.problems
    assert "serves no VirtualService of networking.istio.io/v1: is Istio installed?" in istio
    assert "no Service istio-ingressgateway in istio-system" in gateway


def test_a_gateway_that_may_not_be_looked_at_is_told_with_the_other_rights(cluster, api, monkeypatch):
    api.allows = lambda attributes: attributes["verb"] != "*" and attributes.get("namespace") != "istio-system"
    read = api._read

    def forbidden(path, query):
        if path == GATEWAY:
            raise Forbidden(path)
        return read(path, query)

    monkeypatch.setattr(api, "_read", forbidden)
    with pytest.raises(UnfitError) as error:
        check_fit(cluster, OBJECTS)
    assert ["services (get) in namespace istio-system" in line for line in error.value.problems] == [True]


# Secrets

POSTGRES = {
    "apiVersion": "apps/v1",
    "kind": "StatefulSet",
    "metadata": {"name": "postgres", "namespace": "shop"},
    "spec": {},
}


def deployment(name, *secrets, **more):
    env = [{"name": "A", "valueFrom": {"secretKeyRef": {"name": secret, "key": "url", **more}}} for secret in secrets]
    spec = {"template": {"spec": {"containers": [{"name": "a", "env": env}]}}}
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


SHOP = [POSTGRES, deployment("order", "order-database"), deployment("user", "user-database")]


def values(api, name):
    data = api.get("Secret", name)["data"]
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


def test_passwords_are_made_up_and_the_addresses_fit_them(cluster, api):
    outcomes = ensure(cluster, SHOP)
    assert [(change.outcome, change.name) for change in outcomes] == [
        ("created", "postgres"),
        ("created", "order-database"),
        ("created", "user-database"),
    ]
    passwords = values(api, "postgres")
    assert set(passwords) == {"superuser-password", "order-password", "user-password"}
    assert len(set(passwords.values())) == 3
    assert min(map(len, passwords.values())) >= 32
    url = f"postgresql+psycopg://order:{passwords['order-password']}@postgres:5432/order"
    assert values(api, "order-database") == {"url": url}


def test_what_exists_is_kept(cluster, api):
    ensure(cluster, SHOP)
    before = {name: values(api, name) for name in ("postgres", "order-database", "user-database")}
    del api.objects[api.path("Secret", "user-database")]
    assert [change.outcome for change in ensure(cluster, SHOP)] == ["unchanged", "unchanged", "created"]
    assert {name: values(api, name) for name in before} == before


def test_no_password_is_ever_shown(cluster, api):
    told = []
    ensure(cluster, SHOP, told.append)
    shown = " ".join([*map(str, told), *api.journal])
    assert not [value for value in values(api, "postgres").values() if value in shown]


def test_a_secret_that_pruning_would_find_is_not_made(cluster, api):
    ensure(cluster, SHOP)
    assert "app.kubernetes.io/part-of" not in api.get("Secret", "postgres")["metadata"]["labels"]


def test_secrets_of_others_are_named_with_the_command_that_makes_them(cluster, api):
    with pytest.raises(ClusterError) as error:
        ensure(cluster, [*SHOP[1:], deployment("web", "session-key")])
    assert "\n" not in str(error.value)
    for name in ("order-database", "user-database", "session-key"):
        assert f"create secret generic {name} --namespace shop --from-literal=url=..." in str(error.value)
    assert api.journal == []


def test_an_incomplete_secret_is_named_and_left_alone(cluster, api):
    api.put(api.path("Secret", "postgres"), {"kind": "Secret", "metadata": {"name": "postgres"}, "data": {"a": "b"}})
    with pytest.raises(ClusterError, match="Secret postgres in namespace shop has no order-password, superuser"):
        ensure(cluster, SHOP)


def test_what_pods_can_do_without_and_what_the_overlay_brings_is_not_needed():
    brought = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "brought"}}
    assert needs([deployment("a", "brought"), brought]) == []
    assert needs([deployment("a", "optional", optional=True)]) == []


def test_secrets_in_volumes_are_needed_too():
    volumes = [{"secret": {"secretName": "a"}}, {"projected": {"sources": [{"secret": {"name": "b"}}]}}]
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"volumes": volumes}}
    assert [need.name for need in needs([body])] == ["a", "b"]


def test_the_namespace_is_made_first(cluster, api):
    ensure(cluster, [*OBJECTS[:1], *SHOP])
    assert api.journal[0] == "apply Namespace/shop"


def test_of_two_that_make_a_secret_the_first_one_counts(cluster, api, monkeypatch):
    theirs = {"kind": "Secret", "metadata": {"name": "order-database"}, "data": {"url": "dGhlaXJz"}}
    create = api.create

    def raced(path, body):
        if body["metadata"]["name"] == "order-database":
            api.put(f"{path}/order-database", theirs)
        return create(path, body)

    monkeypatch.setattr(api, "create", raced)
    ensure(cluster, SHOP)
    assert values(api, "order-database") == {"url": "theirs"}
