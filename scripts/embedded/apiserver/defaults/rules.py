"""Rules for single fields, by type: what is required, which values there are, which numbers and names."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from embedded.apiserver import schemas
from embedded.apiserver.defaults import metadata
from embedded.apiserver.resources import Resource
from embedded.apiserver.shapes import LIST_KEYS

Problem = tuple[str, str]
Check = Callable[[Any], str | None]

_PORT_NAME = re.compile(r"^(?!.*--)[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$")
_ENV_NAME = re.compile(r"^[^=]+$")
_PERCENT = re.compile(r"^\d+%$")
_MAX_PORT = 65535


def _one_of(*values: str) -> Check:
    listed = ", ".join(f'"{value}"' for value in values)

    def check(value: Any) -> str | None:
        return None if value in values else f'Unsupported value: "{value}": supported values: {listed}'

    return check


def _at_least(least: int) -> Check:
    def check(value: Any) -> str | None:
        if isinstance(value, int) and value >= least:
            return None
        return f"Invalid value: {json.dumps(value)}: must be greater than or equal to {least}"

    return check


def _more_than_0(value: Any) -> str | None:
    if isinstance(value, int) and value > 0:
        return None
    return f"Invalid value: {json.dumps(value)}: must be greater than 0"


def _port(value: Any) -> str | None:
    if isinstance(value, int) and 1 <= value <= _MAX_PORT:
        return None
    return f"Invalid value: {json.dumps(value)}: must be between 1 and 65535, inclusive"


def _port_name(value: Any) -> str | None:
    if _PORT_NAME.match(str(value)) and re.search("[a-z]", str(value)):
        return None
    return (
        f'Invalid value: "{value}": must be no more than 15 characters, contain only alphanumeric characters (a-z, 0-9)'
        " and '-', and contain at least one letter (a-z)"
    )


def _port_or_name(value: Any) -> str | None:
    return _port_name(value) if isinstance(value, str) else _port(value)


def _label(value: Any) -> str | None:
    return None if metadata.is_label(str(value)) else f'Invalid value: "{value}": {metadata.LABEL_RULE}'


def _env_name(value: Any) -> str | None:
    return None if _ENV_NAME.match(str(value)) else f"Invalid value: \"{value}\": must not contain '='"


def _count_or_percent(value: Any) -> str | None:
    if isinstance(value, str):
        fits = bool(_PERCENT.match(value))
        return None if fits else f"Invalid value: \"{value}\": must be an integer or percentage (e.g '5%')"
    return _at_least(0)(value)


_PROTOCOL = _one_of("SCTP", "TCP", "UDP")
_CHECKS: dict[tuple[str, str], Check] = {
    ("V1PodSpec", "restartPolicy"): _one_of("Always", "OnFailure", "Never"),
    ("V1PodSpec", "dnsPolicy"): _one_of("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"),
    ("V1PodSpec", "terminationGracePeriodSeconds"): _at_least(0),
    ("V1Container", "name"): _label,
    ("V1Container", "imagePullPolicy"): _one_of("Always", "IfNotPresent", "Never"),
    ("V1ContainerPort", "name"): _port_name,
    ("V1ContainerPort", "containerPort"): _port,
    ("V1ContainerPort", "hostPort"): _port,
    ("V1ContainerPort", "protocol"): _PROTOCOL,
    ("V1EnvVar", "name"): _env_name,
    ("V1Volume", "name"): _label,
    ("V1HTTPGetAction", "port"): _port_or_name,
    ("V1HTTPGetAction", "scheme"): _one_of("HTTP", "HTTPS"),
    ("V1TCPSocketAction", "port"): _port_or_name,
    ("V1Probe", "initialDelaySeconds"): _at_least(0),
    ("V1Probe", "timeoutSeconds"): _at_least(1),
    ("V1Probe", "periodSeconds"): _at_least(1),
    ("V1Probe", "successThreshold"): _at_least(1),
    ("V1Probe", "failureThreshold"): _at_least(1),
    ("V1DeploymentSpec", "replicas"): _at_least(0),
    ("V1DeploymentSpec", "minReadySeconds"): _at_least(0),
    ("V1DeploymentSpec", "revisionHistoryLimit"): _at_least(0),
    ("V1DeploymentSpec", "progressDeadlineSeconds"): _at_least(0),
    ("V1DeploymentStrategy", "type"): _one_of("Recreate", "RollingUpdate"),
    ("V1RollingUpdateDeployment", "maxSurge"): _count_or_percent,
    ("V1RollingUpdateDeployment", "maxUnavailable"): _count_or_percent,
    ("V1ReplicaSetSpec", "replicas"): _at_least(0),
    ("V1JobSpec", "parallelism"): _at_least(0),
    ("V1JobSpec", "completions"): _at_least(0),
    ("V1JobSpec", "backoffLimit"): _at_least(0),
    ("V1JobSpec", "activeDeadlineSeconds"): _at_least(0),
    ("V1JobSpec", "ttlSecondsAfterFinished"): _at_least(0),
    ("V1JobSpec", "completionMode"): _one_of("NonIndexed", "Indexed"),
    ("V1JobSpec", "podReplacementPolicy"): _one_of("Failed", "TerminatingOrFailed"),
    ("V1ServiceSpec", "type"): _one_of("ClusterIP", "ExternalName", "LoadBalancer", "NodePort"),
    ("V1ServiceSpec", "sessionAffinity"): _one_of("ClientIP", "None"),
    ("V1ServicePort", "name"): _label,
    ("V1ServicePort", "port"): _port,
    ("V1ServicePort", "nodePort"): _port,
    ("V1ServicePort", "targetPort"): _port_or_name,
    ("V1ServicePort", "protocol"): _PROTOCOL,
    ("V2HorizontalPodAutoscalerSpec", "minReplicas"): _at_least(1),
    ("V2HorizontalPodAutoscalerSpec", "maxReplicas"): _at_least(1),
    ("V2MetricSpec", "type"): _one_of("ContainerResource", "External", "Object", "Pods", "Resource"),
    ("V1PodDisruptionBudgetSpec", "minAvailable"): _count_or_percent,
    ("V1PodDisruptionBudgetSpec", "maxUnavailable"): _count_or_percent,
    ("V1LeaseSpec", "leaseDurationSeconds"): _more_than_0,
    ("V1LeaseSpec", "leaseTransitions"): _at_least(0),
    ("V1LabelSelectorRequirement", "operator"): _one_of("In", "NotIn", "Exists", "DoesNotExist"),
    ("V1EndpointSlice", "addressType"): _one_of("FQDN", "IPv4", "IPv6"),
    ("V1Toleration", "operator"): _one_of("Equal", "Exists", "Lt", "Gt"),
    ("V1CustomResourceDefinitionSpec", "scope"): _one_of("Cluster", "Namespaced"),
}


def problems(resource: Resource, body: dict[str, Any]) -> Iterator[Problem]:
    """Find what is wrong with the fields of an object; metadata and status are others' matter."""
    known = schemas.type_of(resource)
    if known:
        yield from _problems(body, known, "", frozenset({"metadata", "status"}))


def _problems(value: dict[str, Any], known: schemas.Type, path: str, skip: frozenset[str]) -> Iterator[Problem]:
    for key in sorted(known.required - skip):
        if value.get(key) in (None, "", []):
            yield _join(path, key), "Required value"
    for key, entry in value.items():
        where = _join(path, key)
        check = _CHECKS.get((known.name, key))
        empty = entry in ("", None)
        why = check(entry) if check and not empty else None
        if why:
            yield where, why
        field = known.fields.get(key)
        if field and key not in skip:
            yield from _below(entry, field, where)


def _below(value: Any, field: schemas.Field, path: str) -> Iterator[Problem]:
    known = schemas.types().get(field.type)
    if known is None:
        return
    if field.kind == "list" and isinstance(value, list):
        for at, element in enumerate(value):
            yield from _problems(element, known, f"{path}[{at}]", frozenset())
        yield from _duplicates(value, field.type, path)
    elif field.kind == "map" and isinstance(value, dict):
        for key, element in value.items():
            yield from _problems(element, known, f"{path}[{key}]", frozenset())
    elif isinstance(value, dict):
        # A pod template's metadata is checked like any other; it has no name of its own.
        if field.type == "V1ObjectMeta":
            yield from metadata.label_problems(value.get("labels") or {}, f"{path}.labels")
        else:
            yield from _problems(value, known, path, frozenset())


def _duplicates(items: list[Any], kind: str, path: str) -> Iterator[Problem]:
    keys = LIST_KEYS.get(kind)
    if not keys or kind == "V1EnvVar":
        return
    seen = set()
    for at, item in enumerate(items):
        identity = tuple(str(item.get(key)) for key in keys)
        if identity in seen:
            text = json.dumps({key: item.get(key) for key in keys}) if len(keys) > 1 else f'"{item.get(keys[0])}"'
            yield _join(f"{path}[{at}]", keys[0]) if len(keys) == 1 else f"{path}[{at}]", f"Duplicate value: {text}"
        seen.add(identity)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
