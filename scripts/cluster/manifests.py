"""From the name of an overlay to the objects that it describes."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from cluster.kustomize import ManifestError, build
from cluster.kustomize.resources import CLUSTER_WIDE, Item, Items
from cluster.kustomize.transformers import set_image, set_namespace
from cluster.objects import title
from cluster.settings import DEFAULT_NAMESPACE, EMBEDDED_CONTEXT, KIND_PREFIX, REPOSITORY
from cluster.transport import Json

OVERLAYS = REPOSITORY / "k8s" / "overlays"
CATALOGUE = REPOSITORY / "services" / "images.yaml"
PART_OF = "app.kubernetes.io/part-of"
PLATFORM = "proving-ground"

# Where text names the namespace: in full host names, in SPIFFE identities, and in selectors of namespaces.
_IN_TEXT = re.compile(rf"(?<=\.){DEFAULT_NAMESPACE}(?=\.svc\b)|(?<=/ns/){DEFAULT_NAMESPACE}(?=/sa/)")
# What follows the repository of an image: a tag, a digest, or both.
_TAG = re.compile(r"(:[\w.-]+)?(@[\w:]+)?$")
_NAME_LABEL = "kubernetes.io/metadata.name"

__all__ = ["ManifestError", "check_ours", "find_overlay", "image_with_tag", "overlay_of", "render"]


def find_overlay(overlay: str | Path) -> Path:
    """Return the folder of an overlay.

    Args:
        overlay: a folder, or the name of one in ``k8s/overlays``.

    Raises:
        ManifestError: there is no such overlay; the message names those that are.
    """
    for folder in (Path(overlay), OVERLAYS / overlay):
        if folder.is_dir():
            return folder
    known = ", ".join(sorted(each.name for each in OVERLAYS.glob("*") if each.is_dir()))
    raise ManifestError(f"there is no overlay {overlay}; in {OVERLAYS} there are: {known or 'none'}")


def overlay_of(context: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return the overlay that is meant for a cluster: OVERLAY, else that of the embedded cluster or of kind's.

    Raises:
        ManifestError: it is neither, and OVERLAY does not say which.
    """
    if environ.get("OVERLAY"):
        return environ["OVERLAY"]
    if context == EMBEDDED_CONTEXT:
        return "embedded"
    if context.startswith(KIND_PREFIX):
        return "kind"
    raise ManifestError(f"no overlay is known for context {context}: set OVERLAY, such as OVERLAY=production")


def render(overlay: str | Path, namespace: str | None = None, registry: str | None = None) -> list[Json]:
    """Return the objects of an overlay, as `kubectl kustomize` would with one more kustomization on top.

    Args:
        overlay: a folder, or the name of one in ``k8s/overlays``.
        namespace: where to put what the overlay has in the shop's usual namespace; what it has elsewhere, stays there.
        registry: prefix for the images of the catalogue.

    Raises:
        ManifestError: the overlay does not exist, or something in it is wrong.
    """

    def on_top(items: Items) -> None:
        if namespace and namespace != DEFAULT_NAMESPACE:
            _move(items, namespace)
        for name in _own_images() if registry else ():
            set_image(items, {"name": name, "newName": f"{registry}/{name}"}, "IMAGE_REGISTRY")

    return build(find_overlay(overlay), on_top)


def image_with_tag(objects: list[Json], name: str, tag: str) -> str:
    """Return the image of that name with another tag, from wherever the overlay takes it.

    Args:
        objects: what the overlay holds.
        name: the last part of the image's repository, such as ``order``.
        tag: the other tag.

    Raises:
        ManifestError: no Deployment of the overlay runs such an image.
    """
    for body in (each for each in objects if each["kind"] == "Deployment"):
        for container in body["spec"]["template"]["spec"]["containers"]:
            repository = _TAG.sub("", container["image"])
            if repository.rpartition("/")[2] == name:
                return f"{repository}:{tag}"
    raise ManifestError(f"no Deployment of the overlay runs an image {name}")


def check_ours(objects: list[Json], namespace: str) -> None:
    """See that objects can be told apart from others' later on, so that pruning finds them and nothing else.

    Raises:
        ManifestError: an object lacks the part-of label or lives in another namespace.
    """
    for body in objects:
        metadata = body["metadata"]
        if (metadata.get("labels") or {}).get(PART_OF) != PLATFORM:
            raise ManifestError(f"{title(body)}: needs the label {PART_OF}: {PLATFORM}")
        space = metadata["name"] if body["kind"] == "Namespace" else metadata.get("namespace")
        if space != namespace and (body["kind"] == "Namespace" or body["kind"] not in CLUSTER_WIDE):
            raise ManifestError(
                f"{title(body)}: is for namespace {space}, but {namespace} is staged: is NAMESPACE={space} meant?"
            )


@cache
def _own_images() -> frozenset[str]:
    return frozenset(yaml.safe_load(CATALOGUE.read_text())["services"])


def _move(items: Items, namespace: str) -> None:
    at_home = [item for item in items if _home(item) in ("", DEFAULT_NAMESPACE)]
    set_namespace(at_home, namespace)
    for item in items:
        item.body.update(_renamed(item.body, namespace))


def _home(item: Item) -> str:
    metadata = item.body["metadata"]
    return str(metadata["name"] if item.kind == "Namespace" else metadata.get("namespace") or "")


def _renamed(value: Any, namespace: str) -> Any:
    """Return a value with the namespace renamed wherever text in it names it."""
    if isinstance(value, str):
        return _IN_TEXT.sub(namespace, value)
    if isinstance(value, list):
        return [_renamed(each, namespace) for each in value]
    if isinstance(value, dict):
        named = {key: _renamed(each, namespace) for key, each in value.items()}
        return named | ({_NAME_LABEL: namespace} if value.get(_NAME_LABEL) == DEFAULT_NAMESPACE else {})
    return value
