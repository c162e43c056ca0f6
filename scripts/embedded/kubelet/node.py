"""The one node: what this machine has to give."""

from __future__ import annotations

import os
import platform
from typing import Any

from embedded.apiserver.resources import NODES
from embedded.apiserver.store import Store, now

NODE = "embedded"
MAX_PODS = 110


def register(store: Store, ip: str) -> None:
    """Create or renew the Node object."""
    if store.find(NODES, "", NODE) is None:
        store.create(NODES, {"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE}, "spec": {}})

    def label(body: dict[str, Any]) -> None:
        labels = {
            "kubernetes.io/hostname": NODE,
            "kubernetes.io/os": platform.system().lower(),
            "kubernetes.io/arch": _arch(),
        }
        body["metadata"].setdefault("labels", {}).update(labels)

    store.mutate(NODES, "", NODE, label)
    store.mutate(NODES, "", NODE, lambda body: body.update(status=_status(ip)), "status")


def _status(ip: str) -> dict[str, Any]:
    room = {"cpu": str(os.cpu_count() or 1), "memory": f"{_memory() // 1024}Ki", "pods": str(MAX_PODS)}
    return {
        "capacity": room,
        "allocatable": dict(room),
        "addresses": [{"type": "InternalIP", "address": ip}, {"type": "Hostname", "address": NODE}],
        "conditions": [
            _condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
            _condition(
                "MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"
            ),
            _condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            _condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ],
        "nodeInfo": {
            "architecture": _arch(),
            "bootID": "",
            "containerRuntimeVersion": f"process://python-{platform.python_version()}",
            "kernelVersion": platform.release(),
            "kubeProxyVersion": "",
            "kubeletVersion": "v1.34.0-embedded",
            "machineID": "",
            "operatingSystem": platform.system().lower(),
            "osImage": platform.platform(terse=True),
            "systemUUID": "",
        },
    }


def _condition(kind: str, status: str, reason: str, message: str) -> dict[str, Any]:
    moment = now()
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastHeartbeatTime": moment,
        "lastTransitionTime": moment,
    }


def _memory() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _arch() -> str:
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
