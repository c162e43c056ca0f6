"""From the name of an overlay to the objects that it describes."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from cluster.kustomize import ManifestError, build
from cluster.kustomize.resources import CLUSTER_WIDE, Item, Items
from cluster.kustomize.transformers import set_image, set_namespace
from cluster.objects import title
from cluster.settings import DEFAULT_NAMESPACE, REPOSITORY
from cluster.transport import Json

OVERLAYS = REPOSITORY / "k8s" / "overlays"
CATALOGUE = REPOSITORY / "services" / "images.yaml"
PART_OF = "app.kubernetes.io/part-of"
PLATFORM = "proving-ground"

# Where text names the namespace: in full host names, in SPIFFE identities, and in selectors of namespaces.
_IN_TEXT = re.compile(rf"(?<=\.){DEFAULT_NAMESPACE}(?=\.svc\b)|(?<=/ns/){DEFAULT_NAMESPACE}(?=/sa/)")
_NAME_LABEL = "kubernetes.io/metadata.name"

__all__ = ["ManifestError", "check_ours", "find_overlay", "render"]


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


def with_registry(image: str, registry: str) -> str:
    """Return the full name of an image: those of the catalogue are in the registry, if there is one."""
    return f"{registry}/{image}" if registry and image.partition(":")[0] in _own_images() else image


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
