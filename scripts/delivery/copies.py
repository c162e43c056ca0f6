"""Deployments made from others: the new version as a copy of the stable one, and the stable one on a new image."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Mapping
from typing import Any

from cluster.client import Cluster
from cluster.errors import Conflict
from cluster.transport import Json
from delivery.errors import DeliveryError
from delivery.journal.release import Release
from delivery.naming import image_name

TRACK, VERSION = "track", "version"
# What the API server, kubectl and Argo CD wrote there about the original: a copy is nobody's but the release's.
_FOREIGN_ANNOTATIONS = (
    "deployment.kubernetes.io/revision",
    "kubectl.kubernetes.io/last-applied-configuration",
    "argocd.argoproj.io/tracking-id",
)


def stable_deployment(cluster: Cluster, service: str, selector: Mapping[str, str]) -> Json:
    """Return the one Deployment whose pods get the traffic of a Service.

    Raises:
        DeliveryError: there is none, or more than one.
    """
    found = [
        deployment
        for deployment in cluster.deployments.list()
        if selector.items() <= template_labels(deployment).items()
        and template_labels(deployment).get(TRACK) != "canary"
    ]
    if len(found) != 1:
        names = ", ".join(deployment["metadata"]["name"] for deployment in found) or "none"
        wanted = ",".join(f"{key}={value}" for key, value in selector.items())
        raise DeliveryError(f"Service {service} ({wanted}) must lead to one stable Deployment, and it leads to {names}")
    return found[0]


def template_labels(deployment: Json) -> dict[str, str]:
    """Return the labels of a Deployment's pods."""
    return dict(deployment["spec"]["template"]["metadata"].get("labels") or {})


def images(deployment: Json) -> dict[str, str]:
    """Return the image of each container, init containers included."""
    spec = deployment["spec"]["template"]["spec"]
    return {entry["name"]: entry["image"] for entry in [*spec.get("initContainers", []), *spec["containers"]]}


def with_image(deployment: Json, image: str) -> dict[str, str]:
    """Return the image of each container after the release: those of the same name move, others stay.

    Raises:
        DeliveryError: no container has an image of that name.
    """
    old = images(deployment)
    new = {name: image if image_name(each) == image_name(image) else each for name, each in old.items()}
    if image not in new.values():
        what, has = deployment["metadata"]["name"], ", ".join(sorted(set(old.values())))
        what = f"{deployment.get('kind') or 'Deployment'} {what}"
        raise DeliveryError(f"image {image} is none of {what}'s, which runs {has}")
    return new


def copy_of(original: Json, name: str, image: str, labels: Mapping[str, str], annotations: Mapping[str, str]) -> Json:
    """Return a new Deployment like another one.

    Args:
        original: the other one.
        name: name of the copy.
        image: image of the copy.
        labels: labels that tell the copy's pods from the original's.
        annotations: annotations of the copy.
    """
    meta, spec = original["metadata"], copy.deepcopy(original["spec"])
    spec["selector"]["matchLabels"].update(labels)
    spec["template"]["metadata"].setdefault("labels", {}).update(labels)
    set_images(spec["template"]["spec"], with_image(original, image))
    kept = {key: value for key, value in (meta.get("annotations") or {}).items() if key not in _FOREIGN_ANNOTATIONS}
    return {
        "apiVersion": original.get("apiVersion", "apps/v1"),
        "kind": original.get("kind", "Deployment"),
        "metadata": {
            "name": name,
            "labels": {**(meta.get("labels") or {}), **labels},
            "annotations": {**kept, **annotations},
        },
        "spec": spec,
    }


def patch_for(deployment: Json, wanted: Mapping[str, str], version: str) -> Json:
    """Return the strategic merge patch that gives a Deployment these images by container, and this version label."""
    spec = deployment["spec"]["template"]["spec"]
    label = {"labels": {VERSION: version or None}}
    return {
        "metadata": label,
        "spec": {
            "template": {
                "metadata": label,
                "spec": {
                    kind: [
                        {"name": entry["name"], "image": wanted.get(entry["name"], entry["image"])} for entry in list_
                    ]
                    for kind in ("initContainers", "containers")
                    if (list_ := spec.get(kind))
                },
            }
        },
    }


def set_images(pod_spec: dict[str, Any], wanted: Mapping[str, str]) -> None:
    """Give every container of a pod's spec the image that is wanted for it."""
    for entry in [*pod_spec.get("initContainers", []), *pod_spec["containers"]]:
        entry["image"] = wanted[entry["name"]]


def remove(cluster: Cluster, release: Release) -> None:
    """Remove the new version's Deployment; one of that name that the release did not make is left alone."""
    found = cluster.deployments.find(release.copy)
    if found is not None and release.made(found):
        with contextlib.suppress(Conflict):  # a later one, which somebody else made meanwhile
            cluster.deployments.delete(release.copy, uid=found["metadata"]["uid"])
