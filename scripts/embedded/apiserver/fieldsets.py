"""Sets of fields: which places of an object a manager owns, and their form on the wire, ``fieldsV1``.

A path is a tuple of steps: ``f:<field>``, ``k:<keys of a list element>`` or ``v:<value of a set>``. A set holds the
paths of leaves and of list elements.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from embedded.apiserver.shapes import Shape

Path = tuple[str, ...]
FieldSet = frozenset[Path]
# Fields of the server or of the address: nobody owns them.
_UNOWNED = {"name", "namespace", "creationTimestamp", "selfLink", "uid", "generation", "managedFields"}
_UNOWNED |= {"resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "generateName"}


def of(body: dict[str, Any], shape: Shape) -> FieldSet:
    """Return all fields of an object that can be owned."""
    return frozenset(leaves(body, shape))


def leaves(body: dict[str, Any], shape: Shape) -> dict[Path, Any]:
    """Return the value at each path of an object; elements of keyed lists stand for themselves with value True."""
    found: dict[Path, Any] = {}
    for key, value in body.items():
        if key == "metadata" and isinstance(value, dict):
            value = {name: entry for name, entry in value.items() if name not in _UNOWNED}
            if not value:
                continue
        if key not in ("apiVersion", "kind"):
            found.update(_walk(value, shape.field(key), (f"f:{key}",)))
    return found


def _walk(value: Any, shape: Shape, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict) and value and not shape.atomic:
        for key, entry in value.items():
            yield from _walk(entry, shape.field(key), (*path, f"f:{key}"))
    elif isinstance(value, list) and value and shape.kind in ("keyed", "set"):
        for element in value:
            step = (*path, shape.key_of(element))
            yield step, True
            if isinstance(element, dict):
                yield from _walk(element, _granular(shape.element()), step)
    else:
        yield path, value


def _granular(shape: Shape) -> Shape:
    # An element of a keyed list merges field by field, also where the same type is atomic as a field.
    return Shape(shape.kind, shape.type, shape.keys) if shape.atomic else shape


def merged(live: Any, applied: Any, shape: Shape) -> Any:
    """Return `live` with what is `applied` laid over it."""
    if isinstance(live, dict) and isinstance(applied, dict) and not shape.atomic:
        result = dict(live)
        for key, value in applied.items():
            result[key] = merged(live.get(key), value, shape.field(key))
        return result
    if isinstance(live, list) and isinstance(applied, list) and shape.kind in ("keyed", "set"):
        return _merged_list(live, applied, shape)
    return applied


def _merged_list(live: list[Any], applied: list[Any], shape: Shape) -> list[Any]:
    """Merge two lists: in the order that is applied, what is only live before what is applied after it."""
    have = {shape.key_of(element): element for element in live}
    wanted = {shape.key_of(element): element for element in applied}
    waiting = list(have)
    result: list[Any] = []

    def keep_others() -> None:
        while waiting and waiting[0] not in wanted:
            result.append(have[waiting.pop(0)])

    for key, element in wanted.items():
        keep_others()
        if key in have:
            waiting.remove(key)
            element = merged(have[key], element, _granular(shape.element()))
        result.append(element)
    return result + [have[key] for key in waiting]


def without(body: Any, doomed: list[Path], shape: Shape) -> Any:
    """Return an object without the fields at these paths, and without what is empty thereby."""
    whole = {path[0] for path in doomed if len(path) == 1}
    steps: dict[str, list[Path]] = {}
    for path in doomed:
        if len(path) > 1:
            steps.setdefault(path[0], []).append(path[1:])
    if isinstance(body, dict):
        return _without_fields(body, whole, steps, shape)
    if isinstance(body, list):
        return _without_elements(body, whole, steps, shape)
    return body


def _without_fields(body: dict[str, Any], whole: set[str], steps: dict[str, list[Path]], shape: Shape) -> Any:
    result = {}
    for key, value in body.items():
        step = f"f:{key}"
        if step in whole:
            continue
        below = steps.get(step)
        kept = without(value, below, shape.field(key)) if below else value
        if not below or kept not in ({}, []):
            result[key] = kept
    return result


def _without_elements(body: list[Any], whole: set[str], steps: dict[str, list[Path]], shape: Shape) -> Any:
    result = []
    for element in body:
        step = shape.key_of(element)
        if step not in whole:
            below = steps.get(step)
            result.append(without(element, below, _granular(shape.element())) if below else element)
    return result


def to_wire(fields: Iterable[Path]) -> dict[str, Any]:
    """Return a set as ``fieldsV1``."""
    root: dict[str, Any] = {}
    for path in sorted(fields):
        node = root
        for step in path:
            node = node.setdefault(step, {})
        if path[-1].startswith("k:"):
            node["."] = {}
    return root


def from_wire(tree: Any) -> FieldSet:
    """Return the set that ``fieldsV1`` describes."""
    return frozenset(_paths(tree, ())) if isinstance(tree, dict) else frozenset()


def _paths(tree: dict[str, Any], path: Path) -> Iterator[Path]:
    if path and (not tree or "." in tree):
        yield path
    for step, below in tree.items():
        if step != ".":
            yield from _paths(below, (*path, _normal(step)))


def _normal(step: str) -> str:
    """Write the keys of an element as this server does, whatever the client's spacing and order."""
    if not step.startswith("k:"):
        return step
    return "k:" + json.dumps(json.loads(step[2:]), separators=(",", ":"), sort_keys=True)


def to_text(path: Path) -> str:
    """Return a path as Kubernetes' messages write it, such as ``.spec.containers[name="order"].image``."""
    text = ""
    for step in path:
        kind, _, rest = step.partition(":")
        if kind == "f":
            text += f".{rest}"
        elif kind == "k":
            text += "[" + ",".join(f"{key}={json.dumps(value)}" for key, value in json.loads(rest).items()) + "]"
        else:
            text += f"[={rest}]"
    return text
