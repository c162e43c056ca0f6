"""What a manifest asks for and a plain process cannot give: it is named in an event, never silently passed over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

# Fields that Kubernetes honours and this kubelet does not, with the values that ask for nothing.
_POD = (
    "activeDeadlineSeconds",
    "affinity",
    "dnsConfig",
    "ephemeralContainers",
    "hostAliases",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostUsers",
    "overhead",
    "priorityClassName",
    "runtimeClassName",
    "schedulingGates",
    "setHostnameAsFQDN",
    "shareProcessNamespace",
    "subdomain",
)
_CONTAINER = ("resizePolicy", "stdin", "stdinOnce", "terminationMessagePath", "tty", "volumeDevices", "workingDir")
_DEFAULTS = {"terminationMessagePath": "/dev/termination-log"}
_NOTHING: tuple[Any, ...] = (None, False, "", [], {})


def ignored(pod: dict[str, Any]) -> list[str]:
    """Return the paths of the fields that have no effect here, each once, in the order of the manifest's kinds."""
    spec = pod["spec"]
    found = [f"spec.{name}" for name in _POD if spec.get(name) not in _NOTHING]
    found += [f"spec.securityContext.{name}" for name in _set(spec.get("securityContext"))]
    for container in [*(spec.get("initContainers") or ()), *spec["containers"]]:
        found += [f"containers.{path}" for path in _of_container(container)]
    return list(dict.fromkeys(found))


def _of_container(container: dict[str, Any]) -> Iterator[str]:
    for name in _CONTAINER:
        if container.get(name) not in (*_NOTHING, _DEFAULTS.get(name)):
            yield name
    yield from (f"securityContext.{name}" for name in _set(container.get("securityContext")))
    if "cpu" in (container.get("resources", {}).get("limits") or {}):
        yield "resources.limits.cpu"
    if any(mount.get("readOnly") for mount in container.get("volumeMounts") or ()):
        yield "volumeMounts.readOnly"


def _set(context: dict[str, Any] | None) -> list[str]:
    return sorted(name for name, value in (context or {}).items() if value not in _NOTHING)
