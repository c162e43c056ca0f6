from pathlib import Path

import pytest
import yaml
from tests.manifests.rendered import SERVICES
from tests.unit.manifests.kubectl import by_id, kustomize, needs_kubectl

from cluster.kustomize import build
from cluster.kustomize.generators import content_hash

EVERYTHING = Path(__file__).parent / "everything"
REPOSITORY = Path(__file__).resolve().parents[3]
KUSTOMIZATIONS = sorted(
    file.parent.relative_to(REPOSITORY)
    for root in ("k8s/base", "k8s/overlays", "istio", "observability")
    for file in (REPOSITORY / root).rglob("kustomization.yaml")
    if "kind: Component" not in file.read_text()
)


def test_every_feature_gives_what_kubectl_gave():
    expected = list(yaml.safe_load_all((EVERYTHING / "expected.yaml").read_text()))
    assert by_id(build(EVERYTHING / "top")) == by_id(expected)


@needs_kubectl
def test_what_kubectl_gave_is_what_it_gives():
    expected = list(yaml.safe_load_all((EVERYTHING / "expected.yaml").read_text()))
    assert by_id(kustomize(EVERYTHING / "top")) == by_id(expected)


@needs_kubectl
@pytest.mark.parametrize("folder", KUSTOMIZATIONS, ids=str)
def test_the_platforms_manifests_render_as_with_kubectl(folder):
    assert by_id(build(REPOSITORY / folder)) == by_id(kustomize(REPOSITORY / folder))


@pytest.fixture
def compose(tmp_path):
    """Writes a kustomization over the platform's own parts, which kustomize finds by relative paths only."""
    top = "/".join([".."] * (len(tmp_path.parts) - 1)) + f"{REPOSITORY}/k8s"

    def write(overlay, *components):
        paths = ", ".join(f"{top}/components/{each}" for each in components)
        text = f"namespace: shop\nresources: [{top}/overlays/{overlay}]\ncomponents: [{paths}]\n"
        (tmp_path / "kustomization.yaml").write_text(text)
        return tmp_path

    return write


@needs_kubectl
@pytest.mark.parametrize("components", [["hpa"], ["pdb"], ["pdb", "hpa"]], ids=" ".join)
@pytest.mark.parametrize("overlay", ["embedded", "embedded-blue-green"])
def test_optional_components_render_as_with_kubectl(components, overlay, compose):
    folder = compose(overlay, *components)
    objects = build(folder)
    assert by_id(objects) == by_id(kustomize(folder))
    assert len(objects) == len(build(REPOSITORY / "k8s/overlays" / overlay)) + len(SERVICES) * len(components)


@needs_kubectl
@pytest.mark.parametrize("components", [["hpa"], ["mirror"], ["hpa", "mirror"]], ids=" ".join)
def test_components_for_clusters_render_as_with_kubectl(components, compose):
    folder = compose("kind", *components)
    assert by_id(build(folder)) == by_id(kustomize(folder))


def test_an_autoscaler_follows_the_deployment_that_blue_green_renames(compose):
    objects = build(compose("embedded", "hpa", "blue-green"))
    targets = {b["spec"]["scaleTargetRef"]["name"] for b in objects if b["kind"] == "HorizontalPodAutoscaler"}
    assert targets == {*SERVICES, "order-blue"} - {"order"}


def test_a_generated_name_changes_with_the_content():
    body = {"kind": "ConfigMap", "metadata": {"name": "any"}, "data": {"A": "1"}}
    assert content_hash(body) != content_hash({**body, "data": {"A": "2"}})
    assert content_hash(body) == content_hash({**body, "metadata": {"name": "other"}})
