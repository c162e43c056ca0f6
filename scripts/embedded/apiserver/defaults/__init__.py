"""Defaults and validation of the built-in kinds, close to kube-apiserver's.

`admit` looks at the object alone. What needs the rest of the cluster (namespaces, cluster addresses, custom kinds) is
in `embedded.apiserver.admission`, which the cluster's store uses.
"""

from __future__ import annotations

from typing import Any

from embedded.apiserver import errors
from embedded.apiserver.defaults import changes, filling, kinds, metadata, rules
from embedded.apiserver.resources import Resource


def admit(resource: Resource, new: dict[str, Any], old: dict[str, Any] | None) -> dict[str, Any]:
    """Return the object with its defaults.

    Raises:
        ApiError: 422 naming every wrong field.
    """
    new.setdefault("apiVersion", resource.api_version)
    new.setdefault("kind", resource.kind)
    if old is not None and _same(new, old):
        return new
    filling.fill(resource, new)
    kinds.fill(resource, new, old)
    problems = [
        *metadata.problems(resource, new),
        *rules.problems(resource, new),
        *kinds.problems(resource, new),
        *(changes.problems(resource, new, old) if old is not None else ()),
    ]
    if problems:
        raise errors.invalid(_qualified(resource), new["metadata"].get("name", ""), problems)
    return new


def _same(new: dict[str, Any], old: dict[str, Any]) -> bool:
    """Tell whether only the status or the server's own fields differ: the frequent writes of the controllers."""
    if any(new.get(key) != old.get(key) for key in new.keys() | old.keys() if key not in ("status", "metadata")):
        return False
    checked = ("labels", "annotations", "ownerReferences", "finalizers")
    return all(new["metadata"].get(key) == old["metadata"].get(key) for key in checked)


def _qualified(resource: Resource) -> str:
    return f"{resource.kind}.{resource.group}" if resource.group else resource.kind
