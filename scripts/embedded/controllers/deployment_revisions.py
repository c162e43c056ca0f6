"""Which ReplicaSet is which revision of a Deployment, and what a new one looks like."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterable
from typing import Any

from embedded.controllers.ownership import owner_reference

Object = dict[str, Any]
HASH_LABEL = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MOST = "deployment.kubernetes.io/max-replicas"
# What is the ReplicaSet's own, or only makes sense on the Deployment.
_NOT_COPIED = {
    "kubectl.kubernetes.io/last-applied-configuration",
    "deprecated.deployment.rollback.to",
    REVISION,
    REVISION_HISTORY,
    DESIRED,
    MOST,
}
# Kubernetes' alphabet for generated names: no vowels, so no words, and nothing that looks like something else.
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_HASH_LENGTH = 10


def bare_template(template: Object) -> Object:
    """Return a pod template as it is compared: without the hash label and without empty metadata."""
    bare = copy.deepcopy(template)
    meta = bare.get("metadata") or {}
    labels = {key: value for key, value in (meta.get("labels") or {}).items() if key != HASH_LABEL}
    bare["metadata"] = {key: value for key, value in {**meta, "labels": labels}.items() if value}
    return bare


def template_hash(template: Object) -> str:
    """Return the name of a pod template; the same for the same template at any time."""
    text = json.dumps(bare_template(template), sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).digest()
    return "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:_HASH_LENGTH])


def revision_of(body: Object) -> int:
    """Return the revision that is noted on a ReplicaSet or Deployment, 0 if there is none."""
    text = (body["metadata"].get("annotations") or {}).get(REVISION, "0")
    return int(text) if str(text).isdigit() else 0


def split(deployment: Object, sets: Iterable[Object]) -> tuple[Object | None, list[Object]]:
    """Return the ReplicaSet of the present template, if there is one, and the others, each oldest first."""
    ordered = sorted(sets, key=lambda item: (item["metadata"]["creationTimestamp"], revision_of(item)))
    wanted = bare_template(deployment["spec"]["template"])
    name = template_hash(wanted)
    new = next((item for item in ordered if _is_made_from(item, wanted, name)), None)
    return new, [item for item in ordered if item is not new]


def _is_made_from(replica_set: Object, template: Object, name: str) -> bool:
    """Tell whether a ReplicaSet is of this template; the name decides where newer defaults have filled in more."""
    hashed = (replica_set["metadata"].get("labels") or {}).get(HASH_LABEL)
    return hashed == name or bare_template(replica_set["spec"]["template"]) == template


def new_replica_set(deployment: Object) -> Object:
    """Return a ReplicaSet without pods for the present template."""
    meta, spec = deployment["metadata"], deployment["spec"]
    name = template_hash(spec["template"])
    template = copy.deepcopy(spec["template"])
    template.setdefault("metadata", {}).setdefault("labels", {})[HASH_LABEL] = name
    selector = copy.deepcopy(spec["selector"])
    selector.setdefault("matchLabels", {})[HASH_LABEL] = name
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{meta['name']}-{name}",
            "namespace": meta["namespace"],
            "labels": dict(template["metadata"]["labels"]),
            "annotations": copied_annotations(deployment),
            "ownerReferences": [owner_reference(deployment)],
        },
        "spec": {
            "replicas": 0,
            "selector": selector,
            "template": template,
        },
    }


def copied_annotations(deployment: Object) -> dict[str, str]:
    """Return what a ReplicaSet takes over from its Deployment, such as the change-cause."""
    annotations = deployment["metadata"].get("annotations") or {}
    return {key: value for key, value in annotations.items() if key not in _NOT_COPIED}


def mark_new(replica_set: Object, deployment: Object, revision: int) -> None:
    """Note on the newest ReplicaSet that it is this revision, and remember which ones it was before."""
    annotations = replica_set["metadata"].setdefault("annotations", {})
    annotations.update(copied_annotations(deployment))
    if replica_set["spec"].get("minReadySeconds", 0) != deployment["spec"].get("minReadySeconds", 0):
        replica_set["spec"]["minReadySeconds"] = deployment["spec"].get("minReadySeconds", 0)
    before = revision_of(replica_set)
    if before >= revision:
        return
    if before:
        history = annotations.get(REVISION_HISTORY)
        annotations[REVISION_HISTORY] = f"{history},{before}" if history else str(before)
    annotations[REVISION] = str(revision)


def mark_size(replica_set: Object, desired: int, most: int) -> bool:
    """Note for which desired number a ReplicaSet was sized; tell whether that is news."""
    annotations = replica_set["metadata"].setdefault("annotations", {})
    note = {DESIRED: str(desired), MOST: str(most)}
    if note.items() <= annotations.items():
        return False
    annotations.update(note)
    return True


def sized_for(replica_set: Object) -> int | None:
    """Return for which desired number a ReplicaSet was sized, None if nobody noted it."""
    text = str((replica_set["metadata"].get("annotations") or {}).get(DESIRED, ""))
    return int(text) if text.isdigit() else None


def to_clean_up(deployment: Object, old: Iterable[Object]) -> list[Object]:
    """Return the old ReplicaSets beyond ``revisionHistoryLimit``, lowest revision first."""
    limit = int(deployment["spec"].get("revisionHistoryLimit", 10))
    empty = [item for item in old if _is_done(item)]
    return sorted(empty, key=revision_of)[: max(len(empty) - limit, 0)]


def _is_done(item: Object) -> bool:
    status, meta = item.get("status", {}), item["metadata"]
    seen = status.get("observedGeneration", 0) >= meta.get("generation", 0)
    return (
        not item["spec"].get("replicas") and not status.get("replicas") and seen and not meta.get("deletionTimestamp")
    )
