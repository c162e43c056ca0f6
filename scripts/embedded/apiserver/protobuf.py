"""Protobuf bodies: kubectl since 1.32 sends what it creates in this form only, without falling back to JSON.

Types and names come from the schemas; the numbers of the fields stand here, for the kinds that ``kubectl create`` and
``kubectl drain`` make. A field without a number is refused, never lost.
"""

from __future__ import annotations

import base64
import datetime
from collections.abc import Iterator
from typing import Any

from embedded.apiserver import errors, schemas

CONTENT_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_OBJECT = "metadata spec status"
# Type -> names of the fields in the order of their numbers; "-" is a number that is not in use.
_FIELDS: dict[str, str] = {
    "V1ObjectMeta": "name generateName namespace selfLink uid resourceVersion generation creationTimestamp"
    " deletionTimestamp deletionGracePeriodSeconds labels annotations ownerReferences finalizers",
    "V1OwnerReference": "kind - name uid apiVersion controller blockOwnerDeletion",
    "V1Namespace": _OBJECT,
    "V1NamespaceSpec": "finalizers",
    "V1ConfigMap": "metadata data binaryData immutable",
    "V1Secret": "metadata data type stringData immutable",
    "V1ServiceAccount": "metadata secrets imagePullSecrets automountServiceAccountToken",
    "V1Service": _OBJECT,
    "V1ServiceSpec": "ports selector clusterIP type externalIPs - sessionAffinity loadBalancerIP"
    " loadBalancerSourceRanges externalName externalTrafficPolicy healthCheckNodePort publishNotReadyAddresses"
    " sessionAffinityConfig - - ipFamilyPolicy clusterIPs ipFamilies allocateLoadBalancerNodePorts loadBalancerClass"
    " internalTrafficPolicy trafficDistribution",
    "V1ServicePort": "name protocol port targetPort nodePort appProtocol",
    "V1Deployment": _OBJECT,
    "V1DeploymentSpec": "replicas selector template strategy minReadySeconds revisionHistoryLimit paused -"
    " progressDeadlineSeconds",
    "V1DeploymentStrategy": "type rollingUpdate",
    "V1RollingUpdateDeployment": "maxUnavailable maxSurge",
    "V1Job": _OBJECT,
    "V1JobSpec": "parallelism completions activeDeadlineSeconds selector manualSelector template backoffLimit"
    " ttlSecondsAfterFinished completionMode suspend podFailurePolicy backoffLimitPerIndex maxFailedIndexes"
    " podReplacementPolicy managedBy successPolicy",
    "V1LabelSelector": "matchLabels matchExpressions",
    "V1LabelSelectorRequirement": "key operator values",
    "V1PodTemplateSpec": "metadata spec",
    "V1Pod": _OBJECT,
    "V1PodSpec": "volumes containers restartPolicy terminationGracePeriodSeconds activeDeadlineSeconds dnsPolicy"
    " nodeSelector serviceAccountName serviceAccount nodeName hostNetwork hostPID hostIPC securityContext"
    " imagePullSecrets hostname subdomain affinity schedulerName initContainers automountServiceAccountToken"
    " tolerations hostAliases priorityClassName priority dnsConfig shareProcessNamespace readinessGates"
    " runtimeClassName enableServiceLinks preemptionPolicy overhead topologySpreadConstraints ephemeralContainers"
    " setHostnameAsFQDN os hostUsers schedulingGates resourceClaims resources",
    "V1Container": "name image command args workingDir ports env resources volumeMounts livenessProbe readinessProbe"
    " lifecycle terminationMessagePath imagePullPolicy securityContext stdin stdinOnce tty envFrom"
    " terminationMessagePolicy volumeDevices startupProbe resizePolicy restartPolicy",
    "V1ContainerPort": "name hostPort containerPort protocol hostIP",
    "V1EnvVar": "name value valueFrom",
    "V1ResourceRequirements": "limits requests claims",
    "V1LocalObjectReference": "name",
    "V1PodDisruptionBudget": _OBJECT,
    "V1PodDisruptionBudgetSpec": "minAvailable selector maxUnavailable unhealthyPodEvictionPolicy",
    "V1HorizontalPodAutoscaler": _OBJECT,
    "V1HorizontalPodAutoscalerSpec": "scaleTargetRef minReplicas maxReplicas targetCPUUtilizationPercentage",
    "V1CrossVersionObjectReference": "kind name apiVersion",
    "V1Eviction": "metadata deleteOptions",
    "V1DeleteOptions": "gracePeriodSeconds preconditions orphanDependents propagationPolicy dryRun",
    "V1Preconditions": "uid resourceVersion",
}
# Written also where they are not set: then they are zero or false, which is their default anyway.
_ZERO_IS_ABSENT = {
    *(
        "generation",
        "hostPort",
        "nodePort",
        "healthCheckNodePort",
        "minReadySeconds",
        "paused",
        "publishNotReadyAddresses",
    ),
    *("hostNetwork", "hostPID", "hostIPC", "stdin", "stdinOnce", "tty"),
}
_QUANTITIES = {"limits", "requests", "overhead"}


def decode(body: bytes) -> dict[str, Any]:
    """Return the object in a protobuf body.

    Raises:
        ApiError: 415 for a kind or field whose numbers are not known here, 400 when it is no protobuf.
    """
    if not body.startswith(_MAGIC):
        raise errors.bad_request("the body of the request is no protobuf envelope of Kubernetes")
    try:
        envelope = dict(_entries(body[len(_MAGIC) :]))
        kind = dict(_entries(envelope[1]))
        version, name = bytes(kind[1]).decode(), bytes(kind[2]).decode()
        if name.endswith("Review"):
            # Their answer does not depend on what they ask.
            return {"apiVersion": version, "kind": name}
        known = schemas.types().get(_class_name(version, name))
        if known is None:
            raise _unknown(f"kind {name}")
        return {"apiVersion": version, "kind": name, **_message(envelope.get(2, b""), known)}
    except (IndexError, KeyError, ValueError) as error:
        raise errors.bad_request(f"the body of the request is no protobuf: {error}") from error


def _class_name(version: str, kind: str) -> str:
    return version.rpartition("/")[2].capitalize() + kind


def _message(data: bytes, known: schemas.Type) -> dict[str, Any]:
    names = _FIELDS.get(known.name, "").split()
    result: dict[str, Any] = {}
    for number, value in _entries(data):
        name = names[number - 1] if number <= len(names) else "-"
        if name == "status":
            continue
        if name == "-":
            raise _unknown(f"field {number} of {known.name}")
        field = known.fields[name]
        if field.kind == "list":
            result.setdefault(name, []).append(_value(value, field.type, name))
        elif field.kind == "map":
            entry = dict(_entries(value))
            result.setdefault(name, {})[entry[1].decode()] = _value(entry.get(2, b""), field.type, name)
        else:
            result[name] = _value(value, field.type, name)
    return {name: value for name, value in result.items() if not _is_absent(name, value)}


def _is_absent(name: str, value: Any) -> bool:
    return value in ("", None) or (value == 0 and name in _ZERO_IS_ABSENT)


def _value(value: Any, kind: str, name: str) -> Any:
    if kind == "int":
        return value - (1 << 64) if value >= 1 << 63 else value
    if kind == "bool":
        return bool(value)
    if kind == "bytes":
        return base64.b64encode(value).decode()
    if kind == "datetime":
        return _time(dict(_entries(value)))
    if kind == "object":
        return _int_or_string(dict(_entries(value)))
    if kind == "str":
        return dict(_entries(value)).get(1, b"").decode() if name in _QUANTITIES else value.decode()
    return _message(value, schemas.types()[kind])


def _time(entry: dict[int, Any]) -> str | None:
    if not entry:
        return None
    return datetime.datetime.fromtimestamp(entry.get(1, 0), datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _int_or_string(entry: dict[int, Any]) -> Any:
    if entry.get(1):
        return entry.get(3, b"").decode()
    return entry.get(2) or None


def _entries(data: bytes) -> Iterator[tuple[int, Any]]:
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        if wire == _BYTES:
            size, at = _varint(data, at)
        elif wire in (_FIXED32, _FIXED64):
            size = 8 if wire == _FIXED64 else 4
        else:
            raise ValueError(f"wire type {wire} at byte {at}")
        if at + size > len(data):
            raise ValueError("it ends within a field")
        yield number, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        shift += 7
        if not byte & 0x80:
            return value, at


def _unknown(what: str) -> errors.ApiError:
    why = f"the embedded cluster does not know {what} as protobuf: use application/json"
    return errors.ApiError(415, "UnsupportedMediaType", why)
