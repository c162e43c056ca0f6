"""The fields that change every object of a build: namespace, names, labels, annotations, replicas and images."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from cluster.kustomize.documents import ManifestError, Object
from cluster.kustomize.fields import known, mapping, strings, text, visit
from cluster.kustomize.resources import CLUSTER_WIDE, Item, Items

_WORKLOADS = ("DaemonSet", "Deployment", "Job", "ReplicaSet", "ReplicationController", "StatefulSet")
_SCALED = ("Deployment", "ReplicaSet", "ReplicationController", "StatefulSet")
# Kinds whose names are not the build's to change.
_FIXED_NAMES = ("APIService", "CustomResourceDefinition", "Namespace")
_TERMS = "spec/template/spec/affinity/{}/{}"
_AFFINITY = [
    f"{_TERMS}/labelSelector/matchLabels".format(kind, f"{when}DuringSchedulingIgnoredDuringExecution[]{term}")
    for kind in ("podAffinity", "podAntiAffinity")
    for when, term in (("preferred", "/podAffinityTerm"), ("required", ""))
]
_SPREAD = "spec/template/spec/topologySpreadConstraints[]/labelSelector/matchLabels"


def set_namespace(items: Iterable[Item], namespace: str) -> None:
    """Put every object into a namespace; a Namespace gets its name."""
    for item in items:
        if item.kind == "Namespace":
            item.remember()
            item.body["metadata"]["name"] = namespace
        elif item.kind not in CLUSTER_WIDE:
            item.remember()
            item.body["metadata"]["namespace"] = namespace
        if item.kind in ("RoleBinding", "ClusterRoleBinding"):
            for subject in item.body.get("subjects") or []:
                if subject.get("kind") == "ServiceAccount" and subject.get("name") == "default":
                    subject["namespace"] = namespace


def set_affixes(items: Items, prefix: str, suffix: str) -> None:
    """Put a prefix before and a suffix after every name."""
    for item in items:
        if item.kind not in _FIXED_NAMES:
            item.remember()
            item.body["metadata"]["name"] = f"{prefix}{item.name}{suffix}"


def set_labels(items: Items, entry: Any, source: str) -> None:
    """Apply one entry of `labels`: to the objects, and on request to their templates and selectors.

    Raises:
        ManifestError: the entry cannot be read.
    """
    known(entry, {"pairs", "includeSelectors", "includeTemplates"}, source)
    pairs = strings(entry.get("pairs"), f"{source}.pairs")
    for item in items:
        mapping(item.body["metadata"], "labels").update(pairs)
        if entry.get("includeTemplates") or entry.get("includeSelectors"):
            for path in _template_paths(item.kind, "labels"):
                _update(item.body, path, pairs, create=True)
        if entry.get("includeSelectors"):
            for path, create in _selector_paths(item):
                _update(item.body, path, pairs, create)


def set_annotations(items: Items, annotations: dict[str, str]) -> None:
    """Annotate every object and its pod template."""
    for item in items:
        mapping(item.body["metadata"], "annotations").update(annotations)
        for path in _template_paths(item.kind, "annotations"):
            _update(item.body, path, annotations, create=True)


def _update(body: Object, path: str, pairs: dict[str, str], create: bool) -> None:
    visit(body, path, lambda parent, key: mapping(parent, key).update(pairs), create)


def _template_paths(kind: str, what: str) -> list[str]:
    if kind == "CronJob":
        return [f"spec/jobTemplate/metadata/{what}", f"spec/jobTemplate/spec/template/metadata/{what}"]
    claims = [f"spec/volumeClaimTemplates[]/metadata/{what}"] if kind == "StatefulSet" and what == "labels" else []
    return [f"spec/template/metadata/{what}", *claims] if kind in _WORKLOADS else []


def _selector_paths(item: Item) -> list[tuple[str, bool]]:
    """Return where a kind selects pods, and whether a selector is made where there is none."""
    if item.kind in ("Service", "ReplicationController"):
        return [("spec/selector", True)]
    if item.kind in ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"):
        scheduling = [(path, False) for path in (*_AFFINITY, _SPREAD)]
        return [("spec/selector/matchLabels", True), *scheduling]
    if item.kind == "NetworkPolicy":
        peers = ("spec/ingress[]/from[]/podSelector/matchLabels", "spec/egress[]/to[]/podSelector/matchLabels")
        return [(path, False) for path in ("spec/podSelector/matchLabels", *peers)]
    return [("spec/selector/matchLabels", False)] if item.kind in ("Job", "PodDisruptionBudget") else []


def set_replicas(items: Items, entry: Any, source: str) -> None:
    """Apply one entry of `replicas`.

    Raises:
        ManifestError: the entry cannot be read, or names nothing that has replicas.
    """
    known(entry, {"name", "count"}, source)
    name, count = entry.get("name"), entry.get("count")
    if not isinstance(count, int) or isinstance(count, bool):
        raise ManifestError(f"{source}: count of {name} must be a number")
    found = [item for item in items if item.kind in _SCALED and any(each.name == name for each in item.ids)]
    if not found:
        raise ManifestError(f"{source}: there is no workload {name}")
    for item in found:
        mapping(item.body, "spec")["replicas"] = count


def set_image(items: Items, entry: Any, source: str) -> None:
    """Apply one entry of `images` to all containers that run that image.

    Raises:
        ManifestError: the entry cannot be read.
    """
    known(entry, {"name", "newName", "newTag", "digest"}, source)
    text(entry.get("name"), f"{source}.name")
    for field in entry.keys() - {"name"}:
        text(entry[field], f"{source}.{field}")
    for item in items:
        if item.kind != "CustomResourceDefinition":
            _set_image(item.body, entry)


def _set_image(value: Any, entry: Object) -> None:
    for key, child in value.items() if isinstance(value, dict) else enumerate(value):
        if key in ("containers", "initContainers") and isinstance(child, list):
            for container in child:
                if isinstance(container.get("image"), str):
                    container["image"] = _image(container["image"], entry)
        elif isinstance(child, dict | list):
            _set_image(child, entry)


def _image(image: str, entry: Object) -> str:
    match = re.fullmatch(r"(?P<name>.+?)(?P<tag>:[\w.{}-]*)?(?P<digest>@sha256:[\w.{}-]*)?", image)
    if match is None or match["name"] != entry["name"]:
        return image
    name = entry.get("newName") or match["name"]
    if entry.get("newTag") or entry.get("digest"):
        tag = f":{entry['newTag']}" if entry.get("newTag") else ""
        return f"{name}{tag}" + (f"@{entry['digest']}" if entry.get("digest") else "")
    return f"{name}{match['tag'] or ''}{match['digest'] or ''}"
