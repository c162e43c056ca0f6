"""Server-side apply: who owns which field, what an applied configuration changes, and when two managers disagree."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from embedded.apiserver import errors, fieldsets
from embedded.apiserver.fieldsets import FieldSet
from embedded.apiserver.resources import Resource
from embedded.apiserver.shapes import Shape, shape_of
from embedded.apiserver.store import now

Object = dict[str, Any]


@dataclass(frozen=True)
class Manager:
    """One owner of fields: a client by name, operation and subresource."""

    name: str
    operation: str
    subresource: str = ""


def apply(resource: Resource, live: Object | None, config: Object, manager: Manager, *, force: bool) -> Object:
    """Return what the object becomes when `manager` applies `config` to it.

    Fields that the manager applied before and leaves out now are removed, unless another manager owns them too.

    Raises:
        ApiError: 409 when another manager owns a field that would change and `force` is not set; 400 when the
            configuration itself carries managedFields.
    """
    if config.get("metadata", {}).get("managedFields"):
        raise errors.bad_request("metadata.managedFields must be nil")
    shape = shape_of(resource)
    config = _without_nulls(_own_half(resource, config, manager.subresource))
    before = live or {key: config[key] for key in ("apiVersion", "kind") if key in config}
    owners = _read(before)
    wanted = fieldsets.of(config, shape)
    after = fieldsets.merged(_unmanaged(before), config, shape)
    others = frozenset[fieldsets.Path]().union(*(fields for who, fields in owners.items() if who != manager))
    after = _pruned(after, owners.get(manager, frozenset()) - wanted, others, shape)
    changed = _changed(before, after, shape)
    conflicts = {who: fields & changed for who, fields in owners.items() if who != manager and fields & changed}
    if conflicts and not force:
        raise _conflict(resource, conflicts)
    gone = fieldsets.of(before, shape) - fieldsets.of(after, shape)
    owners = {who: fields - changed - gone for who, fields in owners.items()}
    owners[manager] = wanted
    return _written(after, before, owners)


def track(resource: Resource, old: Object | None, new: Object, manager: Manager) -> None:
    """Write into `new` that `manager` owns what it changed; other managers lose those fields."""
    shape = shape_of(resource)
    before = _own_half(resource, old or {}, manager.subresource)
    after = _own_half(resource, new, manager.subresource)
    changed = _changed(before, after, shape)
    gone = fieldsets.of(before, shape) - fieldsets.of(after, shape)
    # A client may hand in managedFields of its own, as kubectl does when it takes over from a client-side apply.
    owners = _read(new if new.get("metadata", {}).get("managedFields") is not None else old or {})
    owners = {who: fields - changed - gone for who, fields in owners.items()}
    if changed:
        owners[manager] = owners.get(manager, frozenset()) | changed
    written = _written(new, old or {}, owners)
    new["metadata"] = written["metadata"]


def _own_half(resource: Resource, body: Object, subresource: str) -> Object:
    """Return what this address writes: everything but the status, or the status alone."""
    if subresource == "status":
        return {key: value for key, value in body.items() if key in ("apiVersion", "kind", "status")}
    if resource.has_status:
        return {key: value for key, value in body.items() if key != "status"}
    return body


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(entry) for key, entry in value.items() if entry is not None}
    return copy.deepcopy(value)


def _unmanaged(body: Object) -> Object:
    meta = {key: value for key, value in body.get("metadata", {}).items() if key != "managedFields"}
    return {**body, "metadata": meta}


def _pruned(after: Object, dropped: FieldSet, others: FieldSet, shape: Shape) -> Object:
    """Take away what the manager no longer applies; a list element stays while another manager owns a part of it."""
    kept = {path[:end] for path in others for end in range(1, len(path) + 1)}
    doomed = [path for path in dropped if path not in kept]
    return dict(fieldsets.without(after, doomed, shape)) if doomed else after


def _changed(before: Object, after: Object, shape: Shape) -> FieldSet:
    have = fieldsets.leaves(before, shape)
    absent = object()
    return frozenset(path for path, value in fieldsets.leaves(after, shape).items() if have.get(path, absent) != value)


def _conflict(resource: Resource, conflicts: dict[Manager, FieldSet]) -> errors.ApiError:
    causes = []
    lines = []
    for who, fields in sorted(conflicts.items(), key=lambda entry: entry[0].name):
        using = f" using {resource.api_version}" if who.operation == "Update" else ""
        whose = f'conflict with "{who.name}"' + (f' with subresource "{who.subresource}"' if who.subresource else "")
        lines += [f"{whose}{using}: {fieldsets.to_text(path)}" for path in sorted(fields)]
        causes += [
            {"reason": "FieldManagerConflict", "message": f"{whose}{using}", "field": fieldsets.to_text(path)}
            for path in sorted(fields)
        ]
    count = f"{len(lines)} conflict" + ("s" if len(lines) > 1 else "")
    message = f"Apply failed with {count}: " + (lines[0] if len(lines) == 1 else "\n- ".join(["", *lines]).strip("\n"))
    return errors.ApiError(409, "Conflict", message, {"causes": causes})


def _read(body: Object) -> dict[Manager, FieldSet]:
    owners = {}
    for entry in body.get("metadata", {}).get("managedFields") or []:
        who = Manager(entry.get("manager", ""), entry.get("operation", "Update"), entry.get("subresource", ""))
        owners[who] = fieldsets.from_wire(entry.get("fieldsV1"))
    return owners


def _written(after: Object, before: Object, owners: dict[Manager, FieldSet]) -> Object:
    """Put the owners into the object; an entry that did not change keeps its time, so that nothing changed."""
    known = _read(before)
    times = {
        Manager(entry.get("manager", ""), entry.get("operation", "Update"), entry.get("subresource", "")): entry
        for entry in before.get("metadata", {}).get("managedFields") or []
    }
    entries = []
    for who, fields in owners.items():
        if not fields:
            continue
        entry: Object = {
            "manager": who.name,
            "operation": who.operation,
            "apiVersion": after.get("apiVersion", ""),
            "time": times[who].get("time", now()) if known.get(who) == fields else now(),
            "fieldsType": "FieldsV1",
            "fieldsV1": fieldsets.to_wire(fields),
        }
        entries.append(entry | ({"subresource": who.subresource} if who.subresource else {}))
    return {**after, "metadata": {**after.get("metadata", {}), "managedFields": entries}}
