"""What every object passes before it is stored: its namespace, its cluster address, defaults, validation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from embedded.apiserver import defaults, definitions, errors, structural
from embedded.apiserver.addresses import ServiceAddresses
from embedded.apiserver.resources import EVENTS, NAMESPACES, SERVICES, Resource, ResourceRegistry
from embedded.apiserver.store import Store

Object = dict[str, Any]
# kube-apiserver makes these itself.
SYSTEM_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")


def open_store(path: Path | None, registry: ResourceRegistry, addresses: ServiceAddresses) -> Store:
    """Open a cluster's storage with everything that the API server adds to it.

    Args:
        path: SQLite file; None keeps everything in memory only.
        registry: gets the custom kinds that the storage knows.
        addresses: gives out the cluster addresses of Services.
    """
    admission = _Admission(addresses)
    store = Store(path, admit=admission.admit)
    admission.store = store
    definitions.register_stored(store, registry)
    for name in SYSTEM_NAMESPACES:
        if store.find(NAMESPACES, "", name) is None:
            store.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return store


class _Admission:
    store: Store

    def __init__(self, addresses: ServiceAddresses) -> None:
        self._addresses = addresses

    def admit(self, resource: Resource, new: Object, old: Object | None) -> Object:
        if old is None:
            self._check_namespace(resource, new["metadata"])
        if resource == SERVICES:
            self._assign_address(new.get("spec") or {}, (old or {}).get("spec") or {})
        new = defaults.admit(resource, new, old)
        schema = definitions.schema_of(self.store, resource)
        if schema:
            structural.fill(new, schema)
            problems = structural.problems(new, schema)
            if problems:
                raise errors.invalid(f"{resource.kind}.{resource.group}", new["metadata"]["name"], problems)
        return new

    def _check_namespace(self, resource: Resource, meta: Object) -> None:
        # The parts of the cluster may still tell what they did while a namespace comes to its end.
        if not resource.namespaced or resource == EVENTS:
            return
        name = meta.get("namespace") or "default"
        namespace = self.store.find(NAMESPACES, "", name)
        if namespace is None:
            raise errors.not_found("namespaces", name)
        if namespace["metadata"].get("deletionTimestamp"):
            why = f"unable to create new content in namespace {name} because it is being terminated"
            raise errors.forbidden(resource.group_resource, meta.get("name", ""), why)

    def _assign_address(self, spec: Object, old: Object) -> None:
        if spec.get("type") == "ExternalName":
            for field in ("clusterIP", "clusterIPs"):
                spec.pop(field, None)
            return
        if old.get("clusterIP") and not spec.get("clusterIP"):
            spec["clusterIP"] = old["clusterIP"]
        if not spec.get("clusterIP"):
            spec["clusterIP"] = self._free_address()
        spec["clusterIPs"] = [spec["clusterIP"]]
        spec.setdefault("ipFamilies", ["IPv4"])
        spec.setdefault("ipFamilyPolicy", "SingleStack")

    def _free_address(self) -> str:
        taken = {service["spec"].get("clusterIP") for service in self.store.peek(SERVICES)}
        address = first = self._addresses.allocate()
        while address in taken:
            address = self._addresses.allocate()
            if address == first:
                break
        return address
