"""From the name of an overlay to the objects that it describes."""

from __future__ import annotations

from pathlib import Path

from cluster.kustomize import ManifestError, build
from cluster.kustomize.resources import CLUSTER_WIDE
from cluster.objects import title
from cluster.settings import REPOSITORY
from cluster.transport import Json

OVERLAYS = REPOSITORY / "k8s" / "overlays"
PART_OF = "app.kubernetes.io/part-of"
PLATFORM = "proving-ground"

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


def render(overlay: str | Path) -> list[Json]:
    """Return the objects of an overlay, as `kubectl kustomize` would.

    Raises:
        ManifestError: the overlay does not exist, or something in it is wrong.
    """
    return build(find_overlay(overlay))


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
            raise ManifestError(f"{title(body)}: is for namespace {space}, but {namespace} is staged")
