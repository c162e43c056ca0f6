"""Namespace and registry are parameters: what they change is what one more kustomization on top would change."""

import pytest
import yaml
from tests.manifests.rendered import SERVICES
from tests.unit.manifests.kubectl import by_id, kustomize, needs_kubectl

from cluster.manifests import ManifestError, image_with_tag, overlay_of, render

TEAM, REGISTRY = "team-a", "registry.example.com:5000/team"
ON_TOP = {
    "namespace": TEAM,
    "resources": ["embedded"],
    "images": [{"name": name, "newName": f"{REGISTRY}/{name}"} for name in SERVICES],
}


def spaces(objects):
    return {body["metadata"].get("namespace") for body in objects} - {None}


def images(value):
    if isinstance(value, dict):
        for key, each in value.items():
            yield from [each] if key == "image" and isinstance(each, str) else images(each)
    elif isinstance(value, list):
        for each in value:
            yield from images(each)


@pytest.mark.parametrize("overlay", ["embedded", "embedded-blue-green"])
def test_everything_moves_and_nothing_names_the_old_place(overlay):
    objects = render(overlay, TEAM, REGISTRY)
    assert spaces(objects) == {TEAM}
    assert [body["metadata"]["name"] for body in objects if body["kind"] == "Namespace"] == [TEAM]
    text = yaml.safe_dump_all(objects)
    assert ".shop.svc" not in text
    assert "/ns/shop/" not in text


def test_the_catalogues_images_come_from_the_registry():
    found = set(images(render("embedded", registry=REGISTRY)))
    assert found == {f"{REGISTRY}/{service}:v1" for service in SERVICES}


def test_with_the_usual_namespace_and_no_registry_nothing_changes():
    assert render("embedded", "shop", "") == render("embedded")


@needs_kubectl
def test_it_equals_a_kustomization_on_top(tmp_path):
    """But for host names and identities, which kustomize knows nothing of."""
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(ON_TOP))
    overlay = tmp_path / "embedded"
    overlay.mkdir()
    (overlay / "kustomization.yaml").write_text("resources: [all.yaml]\n")
    (overlay / "all.yaml").write_text(yaml.safe_dump_all(render("embedded")))
    on_top = yaml.safe_dump_all(kustomize(tmp_path)).replace("/ns/shop/sa/", f"/ns/{TEAM}/sa/")
    assert by_id(render("embedded", TEAM, REGISTRY)) == by_id(yaml.safe_load_all(on_top))


HOSTS = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
data:
  url: >-
    http://user.shop.svc:8080 http://user.shop.svc.cluster.local/
    http://workshop.svc http://a.shop.example
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: a}
spec:
  podSelector: {}
  ingress:
    - from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: elsewhere, namespace: istio-system}
"""


def test_host_names_and_selectors_follow_and_what_is_elsewhere_stays(tmp_path):
    (tmp_path / "kustomization.yaml").write_text("resources: [a.yaml]")
    (tmp_path / "a.yaml").write_text(HOSTS)
    config, policy, elsewhere = render(tmp_path, TEAM)
    assert config["data"]["url"] == (
        "http://user.team-a.svc:8080 http://user.team-a.svc.cluster.local/ http://workshop.svc http://a.shop.example"
    )
    [peer] = policy["spec"]["ingress"][0]["from"]
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": TEAM}
    assert (config["metadata"]["namespace"], elsewhere["metadata"]["namespace"]) == (TEAM, "istio-system")


@pytest.mark.parametrize(
    ("runs", "wanted"),
    [
        ("order:v1", "order:v2"),
        ("registry.example.com:5000/team/order:v1", "registry.example.com:5000/team/order:v2"),
        ("registry.example.com/order@sha256:12ab", "registry.example.com/order:v2"),
        ("registry.example.com/order", "registry.example.com/order:v2"),
    ],
)
def test_a_release_comes_from_where_the_overlay_takes_the_service_from(runs, wanted):
    container = {"name": "order", "image": runs}
    deployment = {"kind": "Deployment", "spec": {"template": {"spec": {"containers": [container]}}}}
    assert image_with_tag([{"kind": "Service"}, deployment], "order", "v2") == wanted
    with pytest.raises(ManifestError, match="no Deployment of the overlay runs an image user"):
        image_with_tag([deployment], "user", "v2")


def test_a_release_in_a_registry_of_one_s_own():
    assert image_with_tag(render("kind", registry="r.example.com/team"), "order", "v2") == "r.example.com/team/order:v2"


@pytest.mark.parametrize(
    ("context", "environ", "overlay"),
    [
        ("embedded", {}, "embedded"),
        ("kind-proving-ground", {}, "kind"),
        ("kind-proving-ground", {"OVERLAY": "mine"}, "mine"),
        ("prod-eu", {"OVERLAY": "production"}, "production"),
    ],
)
def test_the_usual_overlay_of_a_cluster(context, environ, overlay):
    assert overlay_of(context, environ) == overlay


def test_of_a_cluster_that_nobody_knows_the_overlay_has_to_be_named():
    with pytest.raises(ManifestError, match="no overlay is known for context prod-eu: set OVERLAY"):
        overlay_of("prod-eu", {})
