"""Default values of fields, by type: what kube-apiserver writes into a spec that leaves them out."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from embedded.apiserver import schemas
from embedded.apiserver.resources import Resource

_FILE_MODE = {"defaultMode": 0o644}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "V1PodSpec": {
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {},
        "schedulerName": "default-scheduler",
    },
    "V1Container": {
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    },
    "V1ContainerPort": {"protocol": "TCP"},
    "V1Probe": {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3},
    "V1HTTPGetAction": {"path": "/", "scheme": "HTTP"},
    "V1GRPCAction": {"service": ""},
    "V1ObjectFieldSelector": {"apiVersion": "v1"},
    "V1ResourceFieldSelector": {"divisor": "0"},
    "V1ConfigMapVolumeSource": _FILE_MODE,
    "V1SecretVolumeSource": _FILE_MODE,
    "V1DownwardAPIVolumeSource": _FILE_MODE,
    "V1ProjectedVolumeSource": _FILE_MODE,
    "V1HostPathVolumeSource": {"type": ""},
    "V1DeploymentSpec": {
        "replicas": 1,
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
        "strategy": {},
    },
    "V1DeploymentStrategy": {"type": "RollingUpdate"},
    "V1RollingUpdateDeployment": {"maxSurge": "25%", "maxUnavailable": "25%"},
    "V1ReplicaSetSpec": {"replicas": 1},
    "V1JobSpec": {
        "backoffLimit": 6,
        "completionMode": "NonIndexed",
        "manualSelector": False,
        "podReplacementPolicy": "TerminatingOrFailed",
        "suspend": False,
    },
    "V1ServiceSpec": {"type": "ClusterIP", "sessionAffinity": "None"},
    "V1ServicePort": {"protocol": "TCP"},
    "V2HorizontalPodAutoscalerSpec": {
        "minReplicas": 1,
        "metrics": [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
            }
        ],
    },
    "V1PersistentVolumeClaimSpec": {"volumeMode": "Filesystem"},
    "V1PersistentVolumeSpec": {"persistentVolumeReclaimPolicy": "Retain", "volumeMode": "Filesystem"},
    "V1Secret": {"type": "Opaque"},
    "V1CustomResourceDefinitionSpec": {"conversion": {"strategy": "None"}},
    "V1NetworkPolicySpec": {"podSelector": {}},
    "V1NetworkPolicyPort": {"protocol": "TCP"},
    "DiscoveryV1EndpointPort": {"name": "", "protocol": "TCP"},
}


def _container(container: dict[str, Any]) -> None:
    name, _, tag = str(container.get("image", "")).rpartition("/")[2].partition(":")
    if name and "imagePullPolicy" not in container:
        container["imagePullPolicy"] = "Always" if tag in ("", "latest") and "@" not in name else "IfNotPresent"
    # As in Kubernetes, a limit without a request is also the request.
    resources = container.get("resources") or {}
    requests = {**resources.get("limits", {}), **resources.get("requests", {})}
    if requests:
        container["resources"] = {**resources, "requests": requests}


def _strategy(strategy: dict[str, Any]) -> None:
    if strategy["type"] == "RollingUpdate":
        strategy.setdefault("rollingUpdate", {})


def _service_port(port: dict[str, Any]) -> None:
    if "port" in port and port.get("targetPort") in (None, ""):
        port["targetPort"] = port["port"]


def _service(spec: dict[str, Any]) -> None:
    if spec["type"] != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")
    if spec["type"] in ("NodePort", "LoadBalancer"):
        spec.setdefault("externalTrafficPolicy", "Cluster")


def _volume(volume: dict[str, Any]) -> None:
    if set(volume) == {"name"}:
        volume["emptyDir"] = {}


def _network_policy(spec: dict[str, Any]) -> None:
    spec.setdefault("policyTypes", ["Ingress", "Egress"] if "egress" in spec else ["Ingress"])


_FUNCTIONS: dict[str, Callable[[dict[str, Any]], None]] = {
    "V1Container": _container,
    "V1DeploymentStrategy": _strategy,
    "V1ServicePort": _service_port,
    "V1ServiceSpec": _service,
    "V1Volume": _volume,
    "V1NetworkPolicySpec": _network_policy,
}


def fill(resource: Resource, body: dict[str, Any]) -> None:
    """Write the defaults into an object; its metadata and status are left alone."""
    known = schemas.type_of(resource)
    if known:
        if "spec" in known.fields:
            body.setdefault("spec", {})
        _fill(body, known, frozenset({"metadata", "status"}))


def _fill(value: dict[str, Any], known: schemas.Type, skip: frozenset[str] = frozenset()) -> None:
    for key, default in _DEFAULTS.get(known.name, {}).items():
        if value.get(key) is None:
            value[key] = copy.deepcopy(default)
    function = _FUNCTIONS.get(known.name)
    if function:
        function(value)
    for key, entry in value.items():
        field = known.fields.get(key)
        below = schemas.types().get(field.type) if field and key not in skip else None
        if below and field:
            for element in _elements(entry, field.kind):
                _fill(element, below)


def _elements(value: Any, kind: str) -> list[dict[str, Any]]:
    if kind == "object":
        return [value] if isinstance(value, dict) else []
    items = value.values() if isinstance(value, dict) else value or ()
    return [item for item in items if isinstance(item, dict)]
