"""Discovery: which groups and kinds there are, in the older form and in the aggregated one."""

from __future__ import annotations

from typing import Any

from embedded.apiserver import reviews
from embedded.apiserver.resources import PODS, Resource, ResourceRegistry

Object = dict[str, Any]
VERSION = "v1.37.0"
VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
_READ_WRITE = ("get", "patch", "update")
# Subresource -> (kind, group, version, verbs); an empty kind stands for the kind of the object itself.
_SUBRESOURCES: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "status": ("", "", "", _READ_WRITE),
    "scale": ("Scale", "autoscaling", "v1", _READ_WRITE),
    "log": ("", "", "", ("get",)),
    "proxy": ("", "", "", ("create", "delete", "get", "patch", "update")),
    "eviction": ("Eviction", "policy", "v1", ("create",)),
    "binding": ("Binding", "", "v1", ("create",)),
    "finalize": ("", "", "", ("update",)),
}
_PREFERRED_ORDER = ("", "apps", "autoscaling", "batch", "policy", "networking.k8s.io", "apiextensions.k8s.io")


def version() -> Object:
    """Answer ``/version``."""
    major, minor, _ = VERSION.removeprefix("v").split(".")
    return {
        "major": major,
        "minor": minor,
        "gitVersion": f"{VERSION}+embedded",
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "CPython",
        "platform": "",
    }


def core_versions() -> Object:
    """Answer ``/api``."""
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}


def groups(registry: ResourceRegistry) -> Object:
    """Answer ``/apis``."""
    found = [group(registry, name) for name in _group_names(registry) if name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": found}


def group(registry: ResourceRegistry, name: str) -> Object | None:
    """Answer ``/apis/<group>``; None if there is no such group."""
    versions = [{"groupVersion": f"{name}/{found}", "version": found} for found in _versions(registry, name)]
    if not versions:
        return None
    return {"kind": "APIGroup", "apiVersion": "v1", "name": name, "versions": versions, "preferredVersion": versions[0]}


def resources(registry: ResourceRegistry, group_name: str, version_name: str) -> Object | None:
    """Answer ``/api/v1`` and ``/apis/<group>/<version>``; None if that is not served."""
    if version_name not in _versions(registry, group_name):
        return None
    listed = [entry for found in _of(registry, group_name, version_name) for entry in _entries(found)]
    listed += [
        {"name": plural, "singularName": kind.lower(), "namespaced": False, "kind": kind, "verbs": ["create"]}
        for (group, plural), kind in reviews.REVIEWS.items()
        if (group, version_name) == (group_name, "v1")
    ]
    name = f"{group_name}/{version_name}" if group_name else version_name
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": name, "resources": listed}


def aggregated(registry: ResourceRegistry, *, core: bool, version_name: str) -> Object:
    """Answer ``/api`` or ``/apis`` for clients that ask for everything at once."""
    names = [name for name in _group_names(registry) if (name == "") == core]
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"apidiscovery.k8s.io/{version_name}",
        "metadata": {},
        "items": [
            {
                "metadata": {"name": name, "creationTimestamp": None},
                "versions": [_aggregated_version(registry, name, found) for found in _versions(registry, name)],
            }
            for name in names
        ],
    }


def subresources_of(resource: Resource) -> tuple[str, ...]:
    """Return everything that is served below the objects of a kind."""
    extra = {"pods": ("binding", "eviction", "proxy"), "namespaces": ("finalize",)}
    more = extra.get(resource.plural, ()) if not resource.group else ()
    return tuple(sorted({*resource.subresources, *more}))


def _aggregated_version(registry: ResourceRegistry, name: str, version_name: str) -> Object:
    listed = resources(registry, name, version_name) or {"resources": []}
    entries: dict[str, Object] = {}
    for entry in listed["resources"]:
        plural, _, subresource = entry["name"].partition("/")
        kind = {
            "group": entry.get("group", name),
            "version": entry.get("version", version_name),
            "kind": entry["kind"],
        }
        if subresource:
            below = {"subresource": subresource, "responseKind": kind, "verbs": entry["verbs"]}
            entries[plural].setdefault("subresources", []).append(below)
            continue
        entries[plural] = {
            "resource": plural,
            "responseKind": kind,
            "scope": "Namespaced" if entry["namespaced"] else "Cluster",
            "singularResource": entry["singularName"],
            "verbs": entry["verbs"],
            **{key: entry[key] for key in ("shortNames", "categories") if key in entry},
        }
    return {"version": version_name, "freshness": "Current", "resources": list(entries.values())}


def _entries(resource: Resource) -> list[Object]:
    entry: Object = {
        "name": resource.plural,
        "singularName": resource.kind.lower(),
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(VERBS),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    return [entry, *(_subresource_entry(resource, name) for name in subresources_of(resource))]


def _subresource_entry(resource: Resource, name: str) -> Object:
    kind, group_name, version_name, verbs = _SUBRESOURCES[name]
    if name == "proxy":
        kind = "PodProxyOptions" if resource == PODS else "ServiceProxyOptions"
    entry: Object = {
        "name": f"{resource.plural}/{name}",
        "singularName": "",
        "namespaced": resource.namespaced,
        "kind": kind or resource.kind,
        "verbs": list(verbs),
    }
    if group_name:
        entry |= {"group": group_name, "version": version_name}
    return entry


def _of(registry: ResourceRegistry, group_name: str, version_name: str) -> list[Resource]:
    found = [entry for entry in registry if (entry.group, entry.version) == (group_name, version_name)]
    return sorted(found, key=lambda entry: entry.plural)


def _group_names(registry: ResourceRegistry) -> list[str]:
    names = {entry.group for entry in registry} | {group for group, _ in reviews.REVIEWS}
    order = {name: at for at, name in enumerate(_PREFERRED_ORDER)}
    return sorted(names, key=lambda name: (order.get(name, len(order)), name))


def _versions(registry: ResourceRegistry, name: str) -> list[str]:
    found = {entry.version for entry in registry if entry.group == name}
    if any(group == name for group, _ in reviews.REVIEWS):
        found.add("v1")
    return sorted(found)
