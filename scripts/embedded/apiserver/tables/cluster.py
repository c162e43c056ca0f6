"""Columns of the cluster's own kinds: namespaces, nodes, events, configuration, volumes, definitions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embedded.apiserver.tables.columns import AGE, NAME, NONE, UNKNOWN, Column, age, at, joined, text

Object = Mapping[str, Any]
_ACCESS_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
_ROLE = "node-role.kubernetes.io/"


def _data_count(body: Object) -> int:
    return len(body.get("data") or {}) + len(body.get("binaryData") or {})


def _node_status(node: Object) -> str:
    ready = next((entry for entry in at(node, "status.conditions", ()) if entry["type"] == "Ready"), None)
    state = "Unknown" if ready is None else "Ready" if ready["status"] == "True" else "NotReady"
    return state + (",SchedulingDisabled" if at(node, "spec.unschedulable") else "")


def _roles(node: Object) -> str:
    found = at(node, "metadata.labels", {})
    return joined(sorted(label.removeprefix(_ROLE) for label in found if label.startswith(_ROLE)))


def _node_address(kind: str) -> Any:
    def cell(node: Object) -> str:
        found = (entry["address"] for entry in at(node, "status.addresses", ()) if entry["type"] == kind)
        return next(found, NONE)

    return cell


def _last_seen(event: Object) -> str:
    last = at(event, "series.lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime")
    first = event.get("firstTimestamp") or event.get("eventTime")
    if int(event.get("count") or 1) > 1:
        return f"{age(last)} (x{event['count']} over {age(first)})"
    return age(last)


def _about(event: Object) -> str:
    about = event.get("involvedObject", {})
    return f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}"


def _access_modes(body: Object) -> str:
    modes = at(body, "status.accessModes") or at(body, "spec.accessModes", ())
    return joined((_ACCESS_MODES.get(mode, mode) for mode in modes), "")


COLUMNS: dict[tuple[str, str], tuple[Column, ...]] = {
    ("", "Namespace"): (NAME, Column("Status", text("status.phase")), AGE),
    ("", "Node"): (
        NAME,
        Column("Status", _node_status),
        Column("Roles", _roles),
        AGE,
        Column("Version", text("status.nodeInfo.kubeletVersion")),
        Column("Internal-IP", _node_address("InternalIP"), wide=True),
        Column("External-IP", _node_address("ExternalIP"), wide=True),
        Column("OS-Image", text("status.nodeInfo.osImage", UNKNOWN), wide=True),
        Column("Kernel-Version", text("status.nodeInfo.kernelVersion", UNKNOWN), wide=True),
        Column("Container-Runtime", text("status.nodeInfo.containerRuntimeVersion", UNKNOWN), wide=True),
    ),
    ("", "Event"): (
        Column("Last Seen", _last_seen),
        Column("Type", text("type", "")),
        Column("Reason", text("reason", "")),
        Column("Object", _about),
        Column("Subobject", text("involvedObject.fieldPath", ""), wide=True),
        Column("Source", text("source.component", ""), wide=True),
        Column("Message", lambda event: str(event.get("message", "")).strip()),
        Column("First Seen", lambda event: age(event.get("firstTimestamp")), wide=True),
        Column("Count", lambda event: str(event.get("count") or 1), wide=True),
        Column("Name", lambda event: event["metadata"]["name"], wide=True, format="name"),
    ),
    ("", "ConfigMap"): (NAME, Column("Data", _data_count, type="integer"), AGE),
    ("", "Secret"): (NAME, Column("Type", text("type")), Column("Data", _data_count, type="integer"), AGE),
    ("", "ServiceAccount"): (
        NAME,
        Column("Secrets", lambda body: len(body.get("secrets") or ()), type="integer"),
        AGE,
    ),
    ("", "PersistentVolumeClaim"): (
        NAME,
        Column("Status", text("status.phase")),
        Column("Volume", text("spec.volumeName", "")),
        Column("Capacity", text("status.capacity.storage", "")),
        Column("Access Modes", _access_modes),
        Column("StorageClass", text("spec.storageClassName", "")),
        Column("VolumeAttributesClass", text("spec.volumeAttributesClassName", "<unset>")),
        AGE,
        Column("VolumeMode", text("spec.volumeMode", "<unset>"), wide=True),
    ),
    ("", "PersistentVolume"): (
        NAME,
        Column("Capacity", text("spec.capacity.storage", "")),
        Column("Access Modes", _access_modes),
        Column("Reclaim Policy", text("spec.persistentVolumeReclaimPolicy")),
        Column("Status", text("status.phase")),
        Column("Claim", lambda body: "/".join(_claim(body))),
        Column("StorageClass", text("spec.storageClassName", "")),
        AGE,
    ),
    ("coordination.k8s.io", "Lease"): (NAME, Column("Holder", text("spec.holderIdentity", "")), AGE),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): (
        NAME,
        Column("Created At", text("metadata.creationTimestamp", UNKNOWN)),
    ),
}


def _claim(volume: Object) -> tuple[str, ...]:
    claim = at(volume, "spec.claimRef")
    return (claim.get("namespace", ""), claim.get("name", "")) if claim else ("",)
