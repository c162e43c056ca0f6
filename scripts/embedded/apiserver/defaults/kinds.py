"""Defaults and rules that need more than one field: selectors, strategies, volumes, services' ports."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

from embedded.apiserver import definitions, selectors, structural
from embedded.apiserver.defaults import jobs
from embedded.apiserver.resources import (
    CUSTOM_RESOURCE_DEFINITIONS,
    DEPLOYMENTS,
    HORIZONTAL_POD_AUTOSCALERS,
    JOBS,
    NAMESPACES,
    PERSISTENT_VOLUME_CLAIMS,
    POD_DISRUPTION_BUDGETS,
    PODS,
    REPLICA_SETS,
    SECRETS,
    SERVICES,
    Resource,
)

Object = dict[str, Any]
Problem = tuple[str, str]


def fill(resource: Resource, new: Object, old: Object | None) -> None:
    """Write the defaults that depend on the kind as a whole."""
    function = _FILLERS.get(resource)
    if function:
        function(new, old)


def problems(resource: Resource, body: Object) -> Iterator[Problem]:
    """Find what is wrong with an object of this kind as a whole."""
    function = _RULES.get(resource)
    if function:
        yield from function(body)


def _fill_namespace(new: Object, old: Object | None) -> None:
    new["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = new["metadata"].get("name", "")
    if old is None:
        new["spec"] = {**new.get("spec", {}), "finalizers": ["kubernetes"]}
        new["status"] = {"phase": "Active"}


def _fill_pod(new: Object, old: Object | None) -> None:
    new["spec"].setdefault("serviceAccountName", "default")
    new["spec"].setdefault("enableServiceLinks", True)
    if old is None:
        new["status"] = {"phase": "Pending", "qosClass": _qos_class(new["spec"])}


def _qos_class(spec: Object) -> str:
    resources = [container.get("resources", {}) for container in spec.get("containers", [])]
    if not any(entry.get("requests") or entry.get("limits") for entry in resources):
        return "BestEffort"
    guaranteed = all(
        {"cpu", "memory"} <= entry.get("limits", {}).keys() and entry.get("requests") == entry["limits"]
        for entry in resources
    )
    return "Guaranteed" if guaranteed else "Burstable"


def _fill_secret(new: Object, _old: Object | None) -> None:
    plain = new.pop("stringData", None) or {}
    if plain:
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}
        new["data"] = {**new.get("data", {}), **encoded}


def _fill_claim(new: Object, old: Object | None) -> None:
    if old is None:
        new["status"] = {"phase": "Pending"}


def _fill_definition(new: Object, old: Object | None) -> None:
    names = new.get("spec", {}).get("names", {})
    if names.get("kind"):
        names.setdefault("singular", names["kind"].lower())
        names.setdefault("listKind", f"{names['kind']}List")
    if old is None:
        definitions.accept(new)


def _workload_problems(body: Object) -> Iterator[Problem]:
    spec = body["spec"]
    template = spec.get("template") or {}
    yield from _pod_spec_problems(template.get("spec") or {}, "spec.template.spec")
    restart = template.get("spec", {}).get("restartPolicy")
    if restart != "Always" and "spec" in template:
        yield "spec.template.spec.restartPolicy", f'Unsupported value: "{restart}": supported values: "Always"'
    selector = spec.get("selector")
    if selector is None:
        return
    if not (selector.get("matchLabels") or selector.get("matchExpressions")):
        yield "spec.selector", "Invalid value: {}: empty selector is invalid for deployment"
        return
    labels = template.get("metadata", {}).get("labels") or {}
    if not selectors.matches(selector, labels):
        why = f"Invalid value: {json.dumps(labels)}: `selector` does not match template `labels`"
        yield "spec.template.metadata.labels", why


def _deployment_problems(body: Object) -> Iterator[Problem]:
    yield from _workload_problems(body)
    spec = body["spec"]
    strategy = spec.get("strategy", {})
    rolling = strategy.get("rollingUpdate")
    if strategy.get("type") == "Recreate" and rolling:
        yield "spec.strategy.rollingUpdate", "Forbidden: may not be specified when strategy `type` is 'Recreate'"
    elif rolling and _is_zero(rolling.get("maxSurge")) and _is_zero(rolling.get("maxUnavailable")):
        where = "spec.strategy.rollingUpdate.maxUnavailable"
        yield where, f"Invalid value: {json.dumps(rolling['maxUnavailable'])}: may not be 0 when `maxSurge` is 0"
    deadline, ready = spec.get("progressDeadlineSeconds", 600), spec.get("minReadySeconds", 0)
    if deadline <= ready:
        yield "spec.progressDeadlineSeconds", f"Invalid value: {deadline}: must be greater than minReadySeconds"


def _is_zero(value: Any) -> bool:
    return value in (0, "0%")


def _job_problems(body: Object) -> Iterator[Problem]:
    yield from jobs.problems(body)
    yield from _pod_spec_problems(body["spec"].get("template", {}).get("spec") or {}, "spec.template.spec")


def _pod_problems(body: Object) -> Iterator[Problem]:
    yield from _pod_spec_problems(body["spec"], "spec")


def _pod_spec_problems(spec: Object, path: str) -> Iterator[Problem]:
    volumes = {volume.get("name") for volume in spec.get("volumes") or ()}
    names: set[str] = set()
    for group in ("initContainers", "containers"):
        for at, container in enumerate(spec.get(group) or ()):
            where = f"{path}.{group}[{at}]"
            # Within one list the rules by type find duplicates; an init container must not take a container's name.
            if group == "containers" and container.get("name") in names:
                yield f"{where}.name", f'Duplicate value: "{container["name"]}"'
            if group == "initContainers":
                names.add(container.get("name", ""))
            yield from _container_problems(container, volumes, where)


def _container_problems(container: Object, volumes: set[Any], path: str) -> Iterator[Problem]:
    if not container.get("image"):
        yield f"{path}.image", "Required value"
    for at, mount in enumerate(container.get("volumeMounts") or ()):
        if mount.get("name") not in volumes:
            yield f"{path}.volumeMounts[{at}].name", f'Not found: "{mount.get("name")}"'
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = container.get(name)
        handlers = {"httpGet", "tcpSocket", "exec", "grpc"} & (probe or {}).keys()
        if probe is not None and not handlers:
            yield f"{path}.{name}", "Required value: must specify a handler type"
        if len(handlers) > 1:
            yield f"{path}.{name}", "Forbidden: may not specify more than 1 handler type"
        if probe and name != "readinessProbe" and probe.get("successThreshold", 1) != 1:
            yield f"{path}.{name}.successThreshold", f"Invalid value: {probe['successThreshold']}: must be 1"
    yield from _resource_problems(container.get("resources") or {}, f"{path}.resources")


def _resource_problems(resources: Object, path: str) -> Iterator[Problem]:
    for group in ("limits", "requests"):
        for name, value in (resources.get(group) or {}).items():
            if value.startswith("-"):
                yield f"{path}.{group}[{name}]", f'Invalid value: "{value}": must be greater than or equal to 0'


def _service_problems(body: Object) -> Iterator[Problem]:
    spec = body["spec"]
    ports = spec.get("ports") or []
    if not ports and spec["type"] != "ExternalName" and spec.get("clusterIP") != "None":
        yield "spec.ports", "Required value"
    names = [port.get("name") for port in ports]
    for at, name in enumerate(names):
        if not name and len(ports) > 1:
            yield f"spec.ports[{at}].name", "Required value"
        elif name in names[:at]:
            yield f"spec.ports[{at}].name", f'Duplicate value: "{name}"'
    if spec["type"] == "ExternalName" and not spec.get("externalName"):
        yield "spec.externalName", "Required value"


def _autoscaler_problems(body: Object) -> Iterator[Problem]:
    spec = body["spec"]
    most, least = spec.get("maxReplicas"), spec.get("minReplicas", 1)
    if isinstance(most, int) and most < least:
        yield "spec.maxReplicas", f"Invalid value: {most}: must be greater than or equal to `minReplicas`"


def _budget_problems(body: Object) -> Iterator[Problem]:
    if {"minAvailable", "maxUnavailable"} <= body.get("spec", {}).keys():
        yield "spec", "Invalid value: minAvailable and maxUnavailable cannot be both set"


def _definition_problems(body: Object) -> Iterator[Problem]:
    spec = body["spec"]
    names, group = spec.get("names", {}), spec.get("group")
    wanted = f"{names.get('plural')}.{group}"
    if body["metadata"].get("name") != wanted:
        why = f'must be spec.names.plural+"."+spec.group ({wanted})'
        yield "metadata.name", f'Invalid value: "{body["metadata"].get("name")}": {why}'
    if sum(1 for version in spec.get("versions") or () if version.get("storage")) != 1:
        yield "spec.versions", "Invalid value: must have exactly one version marked as storage version"
    for at, version in enumerate(spec.get("versions") or ()):
        fault = structural.fault(version.get("schema", {}).get("openAPIV3Schema") or {})
        if fault:
            yield f"spec.versions[{at}].schema.openAPIV3Schema", f"Invalid value: {fault}"


_FILLERS: dict[Resource, Callable[[Object, Object | None], None]] = {
    NAMESPACES: _fill_namespace,
    PODS: _fill_pod,
    JOBS: jobs.fill,
    SECRETS: _fill_secret,
    PERSISTENT_VOLUME_CLAIMS: _fill_claim,
    CUSTOM_RESOURCE_DEFINITIONS: _fill_definition,
}
_RULES: dict[Resource, Callable[[Object], Iterator[Problem]]] = {
    DEPLOYMENTS: _deployment_problems,
    REPLICA_SETS: _workload_problems,
    JOBS: _job_problems,
    PODS: _pod_problems,
    SERVICES: _service_problems,
    HORIZONTAL_POD_AUTOSCALERS: _autoscaler_problems,
    POD_DISRUPTION_BUDGETS: _budget_problems,
    CUSTOM_RESOURCE_DEFINITIONS: _definition_problems,
}
