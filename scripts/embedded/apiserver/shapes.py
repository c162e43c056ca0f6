"""How patches merge each place of an object: which lists have keys, which maps are replaced as a whole.

Kubernetes states this beside the fields, as ``x-kubernetes-list-map-keys`` and the like; the official Python client
does not carry it, so it stands here, by type. Kinds without a known type follow the rule for custom resources: maps
merge, lists are replaced.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from embedded.apiserver import schemas
from embedded.apiserver.resources import Resource

_BY_NAME = ("V1Container", "V1EphemeralContainer", "V1EnvVar", "V1Volume", "V1LocalObjectReference")
_ALSO_BY_NAME = ("V1PodResourceClaim", "V1PodSchedulingGate", "CoreV1ResourceClaim")
_BY_TYPE = (
    "V1Condition",
    "V1CustomResourceDefinitionCondition",
    "V1DeploymentCondition",
    "V1NamespaceCondition",
    "V1NodeAddress",
    "V1NodeCondition",
    "V1PersistentVolumeClaimCondition",
    "V1PodCondition",
    "V1ReplicaSetCondition",
    "V2HorizontalPodAutoscalerCondition",
)
# Element type -> what tells elements apart. The first key alone is the merge key of a strategic merge patch.
LIST_KEYS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_BY_NAME + _ALSO_BY_NAME, ("name",)),
    **dict.fromkeys(_BY_TYPE, ("type",)),
    "V1ContainerPort": ("containerPort", "protocol"),
    "V1ServicePort": ("port", "protocol"),
    "V1VolumeMount": ("mountPath",),
    "V1VolumeDevice": ("devicePath",),
    "V1HostAlias": ("ip",),
    "V1HostIP": ("ip",),
    "V1PodIP": ("ip",),
    "V1OwnerReference": ("uid",),
    "V1TopologySpreadConstraint": ("topologyKey", "whenUnsatisfiable"),
}
_KEY_DEFAULTS = {"protocol": "TCP"}
_SETS = {("V1ObjectMeta", "finalizers")}
_KEYED_FIELDS = {("V1ServiceAccount", "secrets"): ("name",)}
_ATOMIC_TYPES = {
    "V1LabelSelector",
    "V1ObjectReference",
    "V1LocalObjectReference",
    "V1SecretKeySelector",
    "V1ConfigMapKeySelector",
    "V1ObjectFieldSelector",
    "V1ResourceFieldSelector",
    "V1NodeSelector",
    "V1NodeSelectorTerm",
    "V1TypedLocalObjectReference",
}
_ATOMIC_FIELDS = {("V1ServiceSpec", "selector"), ("V1PodSpec", "nodeSelector")}


@dataclass(frozen=True)
class Shape:
    """The merge rules of one place in an object.

    Attributes:
        kind: ``object`` (named fields), ``map``, ``list``, ``set``, ``keyed`` (list with keys), ``scalar`` or
            ``unknown`` (as the value itself looks).
        type: name of the type of an object or of a list's or map's elements; empty where it is not known.
        keys: of a keyed list, what tells its elements apart.
        atomic: server-side apply replaces it as a whole.
    """

    kind: str
    type: str = ""
    keys: tuple[str, ...] = ()
    atomic: bool = False

    def field(self, name: str) -> Shape:
        """Return the shape of a field of this object or map."""
        if self.kind == "map":
            return _of_type(self.type)
        known = schemas.types().get(self.type)
        if self.kind != "object" or known is None:
            return UNKNOWN
        field = known.fields.get(name)
        return UNKNOWN if field is None else _of_field(self.type, name, field)

    def element(self) -> Shape:
        """Return the shape of an element of this list."""
        return _of_type(self.type) if self.type else UNKNOWN

    def key_of(self, element: Any) -> str:
        """Return what tells an element of this list apart, as ``fieldsV1`` writes it."""
        if self.kind == "set" or not isinstance(element, dict):
            return "v:" + json.dumps(element, separators=(",", ":"))
        values = {key: element.get(key, _KEY_DEFAULTS.get(key)) for key in sorted(self.keys)}
        return "k:" + json.dumps({k: v for k, v in values.items() if v is not None}, separators=(",", ":"))


UNKNOWN = Shape("unknown")


def shape_of(resource: Resource) -> Shape:
    """Return the shape of a kind's objects."""
    known = schemas.type_of(resource)
    return Shape("object", known.name) if known else CustomShape("object")


class CustomShape(Shape):
    """The shape of a custom resource: only its metadata is known."""

    def field(self, name: str) -> Shape:
        """Return the shape of a field of this object."""
        return Shape("object", "V1ObjectMeta") if name == "metadata" else UNKNOWN


def _of_field(owner: str, name: str, field: schemas.Field) -> Shape:
    place = (owner, name)
    if field.kind == "list":
        keys = _KEYED_FIELDS.get(place) or LIST_KEYS.get(field.type, ())
        kind = "set" if place in _SETS else "keyed" if keys else "list"
        return Shape(kind, field.type, keys, atomic=kind == "list")
    if field.kind == "map":
        return Shape("map", field.type, atomic=place in _ATOMIC_FIELDS)
    return _of_type(field.type)


def _of_type(name: str) -> Shape:
    if name in schemas.types():
        return Shape("object", name, atomic=name in _ATOMIC_TYPES)
    return UNKNOWN if name == "object" else Shape("scalar", name)
