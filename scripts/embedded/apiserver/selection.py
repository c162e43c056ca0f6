"""Which objects a list, a watch or a mass deletion is about: label and field selectors as they stand in addresses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from embedded.apiserver import errors, selectors
from embedded.apiserver.resources import EVENTS, JOBS, NAMESPACES, NODES, PODS, SECRETS, Resource

Object = dict[str, Any]
Selection = Callable[[Object], bool]

_REQUIREMENT = re.compile(r"\s*(!?)\s*([\w./-]+)\s*(?:(==|=|!=|>|<)\s*([\w.-]*)|\s(in|notin)\s*\(([^)]*)\))?\s*$")
_ABSENT = {"spec.unschedulable": "false", "spec.hostNetwork": "false", "status.succeeded": "0"}
# Selectable fields that are called otherwise in the object.
_RENAMED = {"source": "source.component", "status.successful": "status.succeeded"}
# Kubernetes' selectable fields by kind; the others can be selected by name and namespace only.
_FIELDS: dict[Resource, tuple[str, ...]] = {
    PODS: (
        *(f"spec.{key}" for key in ("nodeName", "restartPolicy", "schedulerName", "serviceAccountName", "hostNetwork")),
        *(f"status.{key}" for key in ("phase", "podIP", "nominatedNodeName")),
    ),
    EVENTS: (
        *(f"involvedObject.{key}" for key in ("kind", "namespace", "name", "uid", "apiVersion", "fieldPath")),
        *("involvedObject.resourceVersion", "reason", "reportingComponent", "source", "type"),
    ),
    JOBS: ("status.successful",),
    NAMESPACES: ("status.phase",),
    NODES: ("spec.unschedulable",),
    SECRETS: ("type",),
}


def selection(resource: Resource, query: Mapping[str, str]) -> Selection | None:
    """Return what the selectors of an address ask for; None if that is everything.

    Raises:
        ApiError: 400 when a selector cannot be read or names a field that cannot be selected by.
    """
    expressions = _label_expressions(query.get("labelSelector", ""))
    fields = _field_requirements(resource, query.get("fieldSelector", ""))
    if not expressions and not fields:
        return None

    def selected(body: Object) -> bool:
        labels = body["metadata"].get("labels")
        return selectors.matches({"matchExpressions": expressions}, labels) and all(
            (_field(body, path) == value) == equal for path, equal, value in fields
        )

    return selected


def _label_expressions(text: str) -> list[Object]:
    # A comma inside the parentheses of `in (a,b)` does not separate requirements.
    parts = re.split(r",(?![^(]*\))", text) if text.strip() else []
    return [_label_expression(part) for part in parts]


def _label_expression(text: str) -> Object:
    found = _REQUIREMENT.match(text)
    if not found:
        raise errors.bad_request(f"unable to parse requirement: {text!r} is no label selector")
    absent, key, sign, value, word, values = found.groups()
    if sign in (">", "<"):
        raise errors.not_implemented(f"label selectors with {sign}")
    if word:
        listed = [entry.strip() for entry in values.split(",")]
        return {"key": key, "operator": "In" if word == "in" else "NotIn", "values": listed}
    if sign:
        return {"key": key, "operator": "NotIn" if sign == "!=" else "In", "values": [value]}
    return {"key": key, "operator": "DoesNotExist" if absent else "Exists"}


def _field_requirements(resource: Resource, text: str) -> list[tuple[str, bool, str]]:
    requirements = []
    for part in filter(None, text.split(",")):
        path, sign, value = re.split(r"(==|!=|=)", part, maxsplit=1) if "=" in part else (part, "", "")
        allowed = ("metadata.name", *(("metadata.namespace",) if resource.namespaced else ()))
        if not sign or path not in (*allowed, *_FIELDS.get(resource, ())):
            raise errors.bad_request(
                f'Unable to find "{resource.api_version}, Resource={resource.plural}" that match label selector "",'
                f' field selector "{text}": field label not supported: {path}'
            )
        requirements.append((path, sign != "!=", value))
    return requirements


def _field(body: Object, path: str) -> str:
    value: Any = body
    path = _RENAMED.get(path, path)
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return _ABSENT.get(path, "")
    return str(value)
