"""The environment of a container: what the manifest states, resolved, and what the runtime adds."""

from __future__ import annotations

import base64
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from embedded.apiserver.resources import CONFIG_MAPS, SECRETS, Resource
from embedded.apiserver.store import Store
from embedded.kubelet import quantities
from embedded.state import REPOSITORY

# Of the user's own environment a container sees only what TLS and the locale need.
INHERITED = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")
# The pod's address is the cluster's to give: a manifest's 0.0.0.0 would take the port of every other pod.
NO_PROXY = "127.0.0.1,localhost"
_REFERENCE = re.compile(r"\$(?:\$|\(([-._a-zA-Z][-._a-zA-Z0-9]*)\))")
_SUBSCRIPT = re.compile(r"metadata\.(labels|annotations)\['(.+)'\]")


class ConfigError(Exception):
    """A container that cannot be created as its manifest states; the message is Kubernetes' own where it has one."""


def expand(text: str, values: Mapping[str, str]) -> str:
    """Replace ``$(NAME)`` as Kubernetes does: unknown names stay as they are, ``$$`` is a dollar sign."""

    def replace(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        return values.get(found[1], found[0])

    return _REFERENCE.sub(replace, text)


class Environment:
    """Resolves what the manifest states about the environment of a pod's containers.

    Args:
        store: where ConfigMaps and Secrets are.
        pod: the pod, with its address in the status.
        allocatable: what the node has, for containers without limits.
    """

    def __init__(self, store: Store, pod: dict[str, Any], allocatable: Mapping[str, str]) -> None:
        self._store = store
        self._pod = pod
        self._namespace = pod["metadata"]["namespace"]
        self._allocatable = allocatable

    def of(self, container: dict[str, Any], image_env: Mapping[str, str]) -> dict[str, str]:
        """Return the container's variables: the image's, then envFrom, then env.

        Raises:
            ConfigError: something that is referred to does not exist and is not optional.
        """
        values = dict(image_env)
        for source in container.get("envFrom") or ():
            values.update(self._all_of(source))
        for entry in container.get("env") or ():
            if "valueFrom" not in entry:
                values[entry["name"]] = expand(entry.get("value") or "", values)
            elif (value := self._value_from(entry["valueFrom"], container)) is not None:
                values[entry["name"]] = value
        return values

    def _all_of(self, source: dict[str, Any]) -> Iterator[tuple[str, str]]:
        prefix = source.get("prefix") or ""
        for kind, resource in (("configMapRef", CONFIG_MAPS), ("secretRef", SECRETS)):
            if kind in source:
                reference = source[kind]
                data = self._data(resource, reference["name"], optional=bool(reference.get("optional")))
                yield from ((prefix + key, value) for key, value in (data or {}).items())

    def _value_from(self, source: dict[str, Any], container: dict[str, Any]) -> str | None:
        if "fieldRef" in source:
            return field(self._pod, source["fieldRef"]["fieldPath"])
        if "resourceFieldRef" in source:
            return self._resource(source["resourceFieldRef"], container)
        for kind, resource in (("configMapKeyRef", CONFIG_MAPS), ("secretKeyRef", SECRETS)):
            if kind in source:
                return self._key(resource, source[kind])
        raise ConfigError(f"valueFrom {', '.join(source)} is not supported by the embedded cluster")

    def _key(self, resource: Resource, reference: dict[str, Any]) -> str | None:
        optional = bool(reference.get("optional"))
        data = self._data(resource, reference["name"], optional=optional)
        key = reference["key"]
        if data is not None and key in data:
            return data[key]
        if optional:
            return None
        raise ConfigError(f"couldn't find key {key} in {resource.kind} {self._namespace}/{reference['name']}")

    def _data(self, resource: Resource, name: str, *, optional: bool) -> dict[str, str] | None:
        content = files(self._store, resource, self._namespace, name)
        if content is None and not optional:
            raise ConfigError(f'{resource.kind.lower()} "{name}" not found')
        return None if content is None else {key: value.decode(errors="replace") for key, value in content.items()}

    def _resource(self, reference: dict[str, Any], container: dict[str, Any]) -> str:
        kind, _, name = reference["resource"].partition(".")
        of = reference.get("containerName")
        if of:
            container = next((item for item in self._pod["spec"]["containers"] if item["name"] == of), container)
        amount = (container.get("resources", {}).get(kind) or {}).get(name)
        if amount is None:
            amount = self._allocatable.get(name, "0") if kind == "limits" else "0"
        divisor = quantities.parse(reference.get("divisor") or 1) or Decimal(1)
        return str(-(-quantities.parse(amount) // divisor))


def files(store: Store, resource: Resource, namespace: str, name: str) -> dict[str, bytes] | None:
    """Return the content of a ConfigMap or Secret by key; None if there is none of that name."""
    found = store.find(resource, namespace, name)
    if found is None:
        return None
    content = {key: base64.b64decode(value) for key, value in (found.get("binaryData") or {}).items()}
    if resource == SECRETS:
        return {key: base64.b64decode(value) for key, value in (found.get("data") or {}).items()}
    return content | {key: str(value).encode() for key, value in (found.get("data") or {}).items()}


def field(pod: dict[str, Any], path: str) -> str:
    """Return what the downward API gives for a field.

    Raises:
        ConfigError: the downward API does not offer that field.
    """
    meta, spec, status = pod["metadata"], pod["spec"], pod.get("status", {})
    if found := _SUBSCRIPT.fullmatch(path):
        return str((meta.get(found[1]) or {}).get(found[2], ""))
    known = {
        "metadata.name": meta["name"],
        "metadata.namespace": meta["namespace"],
        "metadata.uid": meta["uid"],
        "spec.nodeName": spec.get("nodeName", ""),
        "spec.serviceAccountName": spec.get("serviceAccountName", "default"),
        "status.hostIP": status.get("hostIP", ""),
        "status.podIP": status.get("podIP", ""),
        "status.podIPs": status.get("podIP", ""),
    }
    for kind in ("labels", "annotations"):
        pairs = sorted((meta.get(kind) or {}).items())
        known[f"metadata.{kind}"] = "\n".join(f'{key}="{value}"' for key, value in pairs)
    if path not in known:
        raise ConfigError(f"field label not supported: {path}")
    return str(known[path])


def runtime(
    home: Path, hostname: str, proxy: str | None, direct: Iterable[str] = (), source: str = "services"
) -> dict[str, str]:
    """Return what the runtime gives to every container, before the manifest's own variables.

    Args:
        home: the pod's own folder.
        hostname: the pod's name.
        proxy: the HTTP proxy of the pod's namespace, if there is one.
        direct: hosts that are reached without it.
        source: folder of the repository with the image's Python packages.
    """
    values = {name: os.environ[name] for name in INHERITED if name in os.environ}
    values |= {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": str(home),
        "TMPDIR": str(home),
        "HOSTNAME": hostname,
        "PYTHONPATH": str(REPOSITORY / source),
        "PYTHONUNBUFFERED": "1",
    }
    if proxy:
        without = ",".join([NO_PROXY, *direct])
        values |= {"HTTP_PROXY": proxy, "http_proxy": proxy, "NO_PROXY": without, "no_proxy": without}
    return values


def resource_attributes(pod: dict[str, Any], container: dict[str, Any]) -> dict[str, str]:
    """Return what spans say of their pod; on a real cluster the collector finds it out by the pod's address."""
    meta = pod["metadata"]
    known = {"namespace.name": meta["namespace"], "pod.name": meta["name"], "pod.uid": meta["uid"]}
    known["container.name"] = container["name"]
    return {"OTEL_RESOURCE_ATTRIBUTES": ",".join(f"k8s.{name}={value}" for name, value in known.items())}


def listening(
    container: dict[str, Any], values: Mapping[str, str], ip: str, ports: Mapping[int, int]
) -> dict[str, str]:
    """Return where the container has to listen: on its pod's address, on the port that stands for its own."""
    declared = [port["containerPort"] for port in container.get("ports") or ()]
    named = [port["containerPort"] for port in container.get("ports") or () if port.get("name") == "http"]
    stated = [int(text) for text in [values.get("HTTP_PORT", "")] if text.isdecimal()]
    port = next(iter([*stated, *named, *declared]), None)
    return {"HTTP_HOST": ip} | ({"HTTP_PORT": str(ports.get(port, port))} if port else {})
