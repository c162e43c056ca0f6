"""Strategic merge: how kustomize lays a patch over an object, with lists merged by key where Kubernetes says so."""

from __future__ import annotations

import copy
from typing import Any

from cluster.kustomize.documents import ManifestError, Object

# Which member tells list items apart, by the list's name, from the types' `patchMergeKey`; lists that are not here are
# replaced as a whole. Ports are told apart differently in a Service and in a container.
_MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "ephemeralContainers": "name",
    "env": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
    "imagePullSecrets": "name",
    "hostAliases": "ip",
    "topologySpreadConstraints": "topologyKey",
    "resourceClaims": "name",
    "secrets": "name",
    "ownerReferences": "uid",
    "conditions": "type",
}
_SETS = frozenset({"finalizers"})
# Groups whose types carry merge keys; custom resources have none, so their lists are always replaced.
_BUILT_IN_SUFFIX = ".k8s.io"
_BUILT_IN = frozenset({"", "apps", "batch", "autoscaling", "policy"})


def strategic_merge(target: Object, patch: Object) -> Object | None:
    """Return the target with a patch laid over it, or None where the patch deletes it.

    Raises:
        ManifestError: the patch holds a directive that is not known.
    """
    group = target["apiVersion"].rpartition("/")[0]
    keyed = group in _BUILT_IN or group.endswith(_BUILT_IN_SUFFIX)
    merged = _Merge(target["kind"], keyed).maps(target, patch)
    return merged if isinstance(merged, dict) else None


class _Merge:
    def __init__(self, kind: str, keyed: bool) -> None:
        self._kind = kind
        self._keyed = keyed

    def maps(self, target: Object, patch: Object) -> Object | None:
        directive = patch.get("$patch")
        if directive == "delete":
            return None
        body = {key: value for key, value in patch.items() if key != "$patch"}
        if directive == "replace":
            return dict(_without_nulls(body))
        if directive not in (None, "merge"):
            raise ManifestError(f"directive $patch: {directive} is not known; use delete, replace or merge")
        result = dict(target)
        for key, value in body.items():
            self._member(result, key, value)
        return result

    def _member(self, result: Object, key: str, value: Any) -> None:
        if key.startswith("$"):
            raise ManifestError(f"directive {key} is not supported in a patch")
        if value is None:
            result.pop(key, None)
            return
        merged = self._value(key, result.get(key), value)
        if merged is None:
            result.pop(key, None)
        else:
            result[key] = merged

    def _value(self, key: str, old: Any, new: Any) -> Any:
        if isinstance(new, dict):
            return self.maps(old if isinstance(old, dict) else {}, new)
        if isinstance(new, list):
            return self._lists(key, old if isinstance(old, list) else [], new)
        return new

    def _lists(self, key: str, old: list[Any], new: list[Any]) -> list[Any] | None:
        if self._keyed and key in _SETS:
            return [*new, *(item for item in old if item not in new)]
        name = self._merge_key(key)
        if name is None or not all(isinstance(item, dict) for item in [*old, *new]):
            return list(_without_nulls(new))
        if {"$patch": "replace"} in new:
            return list(_without_nulls([item for item in new if item != {"$patch": "replace"}]))
        return self._keyed_lists(name, old, new) or None

    def _keyed_lists(self, name: str, old: list[Object], new: list[Object]) -> list[Object]:
        """Merge item by item; the patch's items come first, as kustomize has it."""
        rest = list(old)
        result: list[Object] = []
        for patch in new:
            if name not in patch:
                raise ManifestError(f"a patch's list item needs {name}: {patch}")
            at = next((i for i, item in enumerate(rest) if _same(item, patch, name)), None)
            merged = self.maps(rest.pop(at) if at is not None else {}, patch)
            if merged is not None:
                result.append(merged)
        return result + rest

    def _merge_key(self, key: str) -> str | None:
        if not self._keyed:
            return None
        if key == "ports":
            return "port" if self._kind == "Service" else "containerPort"
        return _MERGE_KEYS.get(key)


def _same(item: Object, patch: Object, name: str) -> bool:
    if item.get(name) != patch[name]:
        return False
    # Ports of one number may differ by protocol.
    return name not in ("port", "containerPort") or item.get("protocol", "TCP") == patch.get("protocol", "TCP")


def _without_nulls(value: Any) -> Any:
    """Return a copy without members that are null: in a patch they mean "none"."""
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_without_nulls(each) for each in value]
    return copy.deepcopy(value)
