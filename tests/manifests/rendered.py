"""The platform's manifests as the tests see them: files in Git, and objects as overlays render them."""

import copy
import functools
from pathlib import Path

import yaml

from cluster.kustomize import build

REPOSITORY = Path(__file__).resolve().parents[2]
OVERLAYS = sorted(file.parent for file in (REPOSITORY / "k8s/overlays").glob("*/kustomization.yaml"))
# Those for clusters of several machines, and those for the one machine that runs the embedded cluster.
CLUSTER_OVERLAYS = [folder for folder in OVERLAYS if not folder.name.startswith("embedded")]
# What no overlay contains: the parts that are staged by themselves, and the examples for teams to copy.
SEEN_BY = [
    file.parent
    for file in sorted((REPOSITORY / "observability").rglob("kustomization.yaml"))
    if yaml.safe_load(file.read_text())["kind"] == "Kustomization"
]
APART = [*(REPOSITORY / name for name in ("istio/gateway", "istio/examples", "k8s/release-job")), *SEEN_BY]
# Not istio/install: these are values of charts, no manifests.
FILES = sorted(
    file
    for root in ("k8s", "istio")
    for file in (REPOSITORY / root).rglob("*.yaml")
    if "install" not in file.relative_to(REPOSITORY).parts
)
CATALOGUE = yaml.safe_load((REPOSITORY / "services/images.yaml").read_text())
# Those of the shop, and the packages that they are; the image that carries releases out is none of them.
SERVICES = sorted(name for name, entry in CATALOGUE["services"].items() if entry["context"] == "services")


def package_of(service):
    return service.replace("-", "_")


@functools.cache
def _build(overlay):
    return build(overlay)


def render(overlay):
    """Return the objects of an overlay, for the test to do with as it likes."""
    return copy.deepcopy(_build(overlay))


def with_optional_components(folder):
    """Render the canary stage with every component that no overlay uses."""
    top = "/".join([".."] * (len(folder.parts) - 1)) + f"{REPOSITORY}/k8s"
    (folder / "kustomization.yaml").write_text(
        f"namespace: shop\nresources: [{top}/overlays/embedded]\n"
        f"components: [{top}/components/pdb, {top}/components/hpa, {top}/components/mirror]\n"
        "labels: [{pairs: {app.kubernetes.io/part-of: proving-ground}}]\n"
    )
    return build(folder)


def overlay(name):
    """Render an overlay by its name."""
    return render(REPOSITORY / "k8s/overlays" / name)


def of_kind(objects, *kinds):
    return [body for body in objects if body["kind"] in kinds]


def named(objects, kind, name):
    return next((body for body in of_kind(objects, kind) if body["metadata"]["name"] == name), None)


def pod_of(deployment):
    return deployment["spec"]["template"]["spec"]


def pod_labels(deployment):
    return deployment["spec"]["template"]["metadata"].get("labels", {})


def containers(deployment):
    pod = pod_of(deployment)
    return [*pod.get("initContainers", []), *pod["containers"]]


def includes(labels, wanted):
    return wanted.items() <= labels.items()
