"""The field `patches`: which objects a patch means, and how it is laid over them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import jsonpatch
import jsonpointer

from cluster.kustomize.documents import ManifestError, Object, parse, parse_objects, read_text
from cluster.kustomize.fields import known, mapping, text
from cluster.kustomize.merge import strategic_merge
from cluster.kustomize.resources import Item, Items, id_of

PATCH_FIELDS = {"path", "patch", "target", "options"}
_TARGET = {"group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector"}
_OPTIONS = {"allowNameChange", "allowKindChange"}


def apply_patch(items: Items, entry: Any, source: str, folder: Path) -> None:
    """Apply one entry of `patches`.

    Args:
        items: the objects of the build.
        entry: the entry, as read.
        source: the kustomization file and the field, for messages.
        folder: where the kustomization stands.

    Raises:
        ManifestError: the patch cannot be read, finds no object, or does not fit.
    """
    known(entry, PATCH_FIELDS, source)
    options = known(entry.get("options") or {}, _OPTIONS, f"{source}.options")
    if ("path" in entry) == ("patch" in entry):
        raise ManifestError(f"{source}: needs either path or patch")
    if "path" in entry:
        source = str(folder / entry["path"])
    content = text(entry["patch"], source) if "patch" in entry else read_text(folder / entry["path"])
    target = known(entry["target"], _TARGET, f"{source}: target") if entry.get("target") else None
    documents = parse(content, source)
    if documents and isinstance(documents[0], list):
        _apply_json_patch(items, documents[0], target, source)
    else:
        _apply_merge_patches(items, parse_objects(content, source), target, options, source)


def _apply_json_patch(items: Items, operations: list[Any], target: Object | None, source: str) -> None:
    if target is None:
        raise ManifestError(f"{source}: a JSON patch needs a target")
    for item in items.select(target):
        item.remember()
        try:
            item.body = jsonpatch.apply_patch(item.body, copy.deepcopy(operations))
        except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError, KeyError) as error:
            raise ManifestError(f"{source}: does not fit {item.kind} {item.name}: {error}") from None


def _apply_merge_patches(
    items: Items, patches: list[Object], target: Object | None, options: Object, source: str
) -> None:
    for patch in patches:
        found = items.called(id_of(patch)) if target is None else items.select(target)
        if target is None and len(found) != 1:
            what = f"{patch['kind']} {patch['metadata']['name']}"
            raise ManifestError(f"{source}: patches {what}, of which there are {len(found)}; expected one")
        for item in found:
            _merge(items, item, patch, options, source)


def _merge(items: Items, item: Item, patch: Object, options: Object, source: str) -> None:
    version, kind, name = item.body["apiVersion"], item.kind, item.name
    item.remember()
    try:
        merged = strategic_merge(item.body, patch)
    except ManifestError as error:
        raise ManifestError(f"{source}: {error}") from None
    if merged is None:
        items.remove(item)
        return
    item.body = merged
    # What a patch is called says which object it means; only on request does it also say how to call it.
    if not options.get("allowNameChange"):
        mapping(merged, "metadata")["name"] = name
    merged["apiVersion"] = version
    if not options.get("allowKindChange"):
        merged["kind"] = kind
