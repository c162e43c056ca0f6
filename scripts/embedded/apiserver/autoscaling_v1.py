"""autoscaling/v1, the older form of HorizontalPodAutoscalers: ``kubectl autoscale`` still creates them in it."""

from __future__ import annotations

from typing import Any

from embedded.apiserver.decoding import Decoder
from embedded.apiserver.resources import HORIZONTAL_POD_AUTOSCALERS, Resource

Object = dict[str, Any]
API_VERSION = "autoscaling/v1"
_OLD_FORM = Resource("autoscaling", "v1", HORIZONTAL_POD_AUTOSCALERS.plural, HORIZONTAL_POD_AUTOSCALERS.kind)


def is_address(group: str, version: str, plural: str) -> bool:
    """Tell whether an address is of the older form."""
    return (group, version, plural) == ("autoscaling", "v1", HORIZONTAL_POD_AUTOSCALERS.plural)


def stored(resource: Resource, body: Any) -> Any:
    """Return a body in the stored form: autoscaling/v1 becomes v2, everything else stays."""
    if resource != HORIZONTAL_POD_AUTOSCALERS or not isinstance(body, dict) or body.get("apiVersion") != API_VERSION:
        return body
    body = Decoder(_OLD_FORM).decode(body)
    spec = dict(body.get("spec", {}))
    percent = spec.pop("targetCPUUtilizationPercentage", None)
    if percent is not None:
        target = {"type": "Utilization", "averageUtilization": percent}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    return {**body, "apiVersion": resource.api_version, "spec": spec}


def shown(body: Object) -> Object:
    """Return a stored object in the older form, which knows of one metric only."""
    spec = {key: value for key, value in body.get("spec", {}).items() if key not in ("metrics", "behavior")}
    for metric in body.get("spec", {}).get("metrics") or ():
        resource = metric.get("resource") or {}
        if resource.get("name") == "cpu" and "averageUtilization" in resource.get("target", {}):
            spec["targetCPUUtilizationPercentage"] = resource["target"]["averageUtilization"]
    status = {key: body.get("status", {}).get(key, 0) for key in ("currentReplicas", "desiredReplicas")}
    return {**body, "apiVersion": API_VERSION, "spec": spec, "status": status}
