"""JSON patch, merge patch and strategic merge patch: a stored object and a client's patch become a new object."""

from __future__ import annotations

import copy
from typing import Any

import jsonpatch
import jsonpointer

from embedded.apiserver import errors
from embedded.apiserver.shapes import Shape

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCHES = ("application/apply-patch+yaml", "application/apply-patch+json")


def json_patch(old: dict[str, Any], operations: Any) -> Any:
    """Apply an RFC 6902 patch.

    Raises:
        ApiError: 400 when it is no patch, 422 when it does not fit the object.
    """
    if not isinstance(operations, list):
        raise errors.bad_request("a JSON patch is a list of operations")
    try:
        return jsonpatch.apply_patch(old, operations)
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError, KeyError) as error:
        raise errors.ApiError(422, "Invalid", f"the JSON patch cannot be applied: {error}") from error


def merge_patch(old: Any, patch: Any) -> Any:
    """Apply an RFC 7386 patch."""
    if not isinstance(patch, dict):
        return patch
    new = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            new.pop(key, None)
        else:
            new[key] = merge_patch(new.get(key), value)
    return new


def strategic_merge_patch(old: dict[str, Any], patch: Any, shape: Shape) -> dict[str, Any]:
    """Apply a strategic merge patch: lists with keys merge element by element, directives ($patch, ...) are followed.

    Raises:
        ApiError: 400 when the patch is no object, an element lacks its key, or a directive is malformed.
    """
    if not isinstance(patch, dict):
        raise errors.bad_request("a strategic merge patch is an object")
    try:
        return _merge_map(copy.deepcopy(old), patch, shape)
    except (AttributeError, TypeError) as error:
        raise errors.bad_request(f"a directive of the strategic merge patch has the wrong form: {error}") from error


def _merge_map(old: dict[str, Any], patch: dict[str, Any], shape: Shape) -> dict[str, Any]:
    directive = patch.get("$patch")
    if directive == "delete":
        return {}
    if directive == "replace":
        return {key: value for key, value in patch.items() if key != "$patch"}
    if "$retainKeys" in patch:
        old = {key: value for key, value in old.items() if key in patch["$retainKeys"]}
    for key, value in patch.items():
        if key.startswith("$deleteFromPrimitiveList/"):
            field = key.partition("/")[2]
            old[field] = [item for item in old.get(field) or [] if item not in value]
        elif not key.startswith("$"):
            _merge_field(old, key, value, patch.get(f"$setElementOrder/{key}"), shape.field(key))
    for key in patch:
        # An order alone, without a change to the list itself.
        field = key.removeprefix("$setElementOrder/")
        if field != key and field not in patch and isinstance(old.get(field), list):
            old[field] = _ordered(old[field], patch[key], shape.field(field))
    return old


def _merge_field(old: dict[str, Any], key: str, value: Any, order: Any, shape: Shape) -> None:
    have = old.get(key)
    if value is None:
        old.pop(key, None)
    elif isinstance(value, dict):
        old[key] = _merge_map(have if isinstance(have, dict) else {}, value, shape)
    elif isinstance(value, list) and shape.kind in ("keyed", "set"):
        merged = _merge_list(have if isinstance(have, list) else [], value, shape)
        old[key] = _ordered(merged, order, shape) if order else merged
    else:
        old[key] = copy.deepcopy(value)


def _merge_list(old: list[Any], patch: list[Any], shape: Shape) -> list[Any]:
    if {"$patch": "replace"} in patch:
        return [item for item in patch if item != {"$patch": "replace"}]
    if shape.kind == "set":
        return old + [item for item in patch if item not in old]
    merged = list(old)
    for item in patch:
        key = _merge_key(item, shape)
        at = next((i for i, have in enumerate(merged) if have.get(shape.keys[0]) == key), None)
        if item.get("$patch") == "delete":
            merged = [have for have in merged if have.get(shape.keys[0]) != key]
        elif at is None:
            merged.append(_merge_map({}, item, shape.element()))
        else:
            merged[at] = _merge_map(merged[at], item, shape.element())
    return merged


def _merge_key(item: Any, shape: Shape) -> Any:
    if not isinstance(item, dict) or shape.keys[0] not in item:
        raise errors.bad_request(f"map: {item} does not contain declared merge key: {shape.keys[0]}")
    return item[shape.keys[0]]


def _ordered(items: list[Any], order: list[Any], shape: Shape) -> list[Any]:
    """Bring the elements that `order` names into its order, on the places that they hold together."""
    if shape.kind == "keyed":
        ranks = {entry.get(shape.keys[0]): rank for rank, entry in enumerate(order) if isinstance(entry, dict)}
        keys = [item.get(shape.keys[0]) for item in items]
    else:
        ranks, keys = {entry: rank for rank, entry in enumerate(order)}, list(items)
    places = [place for place, key in enumerate(keys) if key in ranks]
    result = list(items)
    for place, source in zip(places, sorted(places, key=lambda at: ranks[keys[at]]), strict=True):
        result[place] = items[source]
    return result
