"""Reading what clients send: unknown fields, wrong types, nulls and quantities are settled before anything else."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from embedded.apiserver import errors, quantities, schemas
from embedded.apiserver.resources import Resource

_QUANTITIES = {
    ("V1ResourceRequirements", "limits"),
    ("V1ResourceRequirements", "requests"),
    ("V1VolumeResourceRequirements", "limits"),
    ("V1VolumeResourceRequirements", "requests"),
    ("V1ResourceFieldSelector", "divisor"),
    ("V1EmptyDirVolumeSource", "sizeLimit"),
    ("V2MetricTarget", "averageValue"),
    ("V2MetricTarget", "value"),
    ("V1NodeStatus", "capacity"),
    ("V1NodeStatus", "allocatable"),
    ("V1PersistentVolumeSpec", "capacity"),
    ("V1PersistentVolumeClaimStatus", "capacity"),
}
_SCALARS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "bytes": (str,),
    "datetime": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
}
_GO_TYPES = {"str": "string", "bytes": "[]uint8", "datetime": "Time", "int": "int32", "float": "float64"}
_JSON_TYPES = {dict: "object", list: "array", str: "string", bool: "bool", int: "number", float: "number"}


# Bodies that are no objects of their own.
DELETE_OPTIONS = Resource("", "v1", "", "DeleteOptions")
EVICTION = Resource("policy", "v1", "", "Eviction")
SCALE = Resource("autoscaling", "v1", "", "Scale")


def options(resource: Resource, body: Any) -> dict[str, Any]:
    """Return the body of a request that is no object of its own, or nothing if there is none.

    Raises:
        ApiError: 400 when a value has the wrong type.
    """
    return Decoder(resource).decode({} if body is None else body)


class Decoder:
    """Reads one body.

    Args:
        resource: the kind that it should be.

    Attributes:
        unknown: paths of the fields that the kind does not have; they are left out.
    """

    def __init__(self, resource: Resource) -> None:
        self._resource = resource
        self.unknown: list[str] = []

    def decode(self, body: Any) -> dict[str, Any]:
        """Return the body without nulls and unknown fields, quantities in canonical form.

        Raises:
            ApiError: 400 when a value has the wrong type.
        """
        if not isinstance(body, dict):
            raise self._refusal("the body is not an object")
        known = schemas.type_of(self._resource)
        if known is None:
            meta = self._object(body.get("metadata", {}), "V1ObjectMeta", "metadata")
            return {**{key: value for key, value in body.items() if key != "metadata"}, "metadata": meta}
        return self._object(body, known.name, "")

    def _object(self, value: Any, name: str, path: str) -> dict[str, Any]:
        known = schemas.types()[name]
        if not isinstance(value, dict):
            raise self._mismatch(value, name.removeprefix("V1"), path)
        result = {}
        for key, entry in value.items():
            where = f"{path}.{key}" if path else key
            field = known.fields.get(key)
            if field is None:
                self.unknown.append(where)
            elif entry is not None:
                result[key] = self._field(entry, name, key, field, where)
        return result

    def _field(self, value: Any, owner: str, key: str, field: schemas.Field, path: str) -> Any:
        quantity = (owner, key) in _QUANTITIES
        if field.kind == "list":
            if not isinstance(value, list):
                raise self._mismatch(value, f"[]{field.type.removeprefix('V1')}", path)
            return [self._value(entry, field.type, f"{path}[{at}]") for at, entry in enumerate(value)]
        if field.kind == "map":
            if not isinstance(value, dict):
                raise self._mismatch(value, f"map[string]{_GO_TYPES.get(field.type, field.type)}", path)
            return {
                str(name): quantities.canonical(entry) if quantity else self._value(entry, field.type, f"{path}.{name}")
                for name, entry in value.items()
            }
        return quantities.canonical(value) if quantity else self._value(value, field.type, path)

    def _value(self, value: Any, kind: str, path: str) -> Any:
        if kind not in schemas.SCALARS:
            return self._object({} if value is None else value, kind, path)
        accepted = _SCALARS.get(kind)
        if accepted is None:
            return value
        if not isinstance(value, accepted) or (isinstance(value, bool) and kind != "bool"):
            raise self._mismatch(value, _GO_TYPES.get(kind, kind), path)
        if kind == "bytes":
            self._check_base64(str(value), path)
        return value

    def _check_base64(self, value: str, path: str) -> None:
        try:
            base64.b64decode(value, validate=True)
        except binascii.Error as error:
            raise self._refusal(f"illegal base64 data in {path}: {error}") from error

    def _mismatch(self, value: Any, wanted: str, path: str) -> errors.ApiError:
        found = _JSON_TYPES.get(type(value), "null")
        return self._refusal(
            f"json: cannot unmarshal {found} into Go struct field {self._resource.kind}.{path} of type {wanted}"
        )

    def _refusal(self, why: str) -> errors.ApiError:
        kind = self._resource.kind
        return errors.bad_request(f'{kind} in version "{self._resource.version}" cannot be handled as a {kind}: {why}')
