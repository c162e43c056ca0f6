"""The files that Envoy watches: written beside and renamed, since it notices nothing but a rename."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from embedded.mesh import admin
from embedded.mesh.names import file_name
from embedded.mesh.translate import Configuration, Layout, Resources

Object = dict[str, Any]
# What Envoy is to acknowledge: version by subscription.
Versions = dict[str, str]


class Files:
    """Envoy's folder.

    Args:
        folder: made if it does not exist.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self.bootstrap = self._folder / "bootstrap.json"
        self.clusters = self._folder / "clusters.json"
        self.listeners = self._folder / "listeners.json"
        self.log = self._folder / "envoy.log"
        self.layout = Layout(self._folder / "endpoints", self._folder / "routes", self._folder / "access.log")
        self.content = Configuration()

    def start(self, bootstrap: Object, configuration: Configuration) -> Versions:
        """Write everything for an Envoy that is not running yet and remove what a former life left."""
        for folder in (self.layout.endpoints, self.layout.routes):
            folder.mkdir(parents=True, exist_ok=True)
        _replace(self.bootstrap, bootstrap)
        self.content = Configuration()
        versions = {**self.write_clusters(configuration), **self.write_routes(configuration)}
        keep = {file_name(name) for name in (*configuration.endpoints, *configuration.routes)}
        for folder in (self.layout.endpoints, self.layout.routes):
            _remove(path for path in folder.iterdir() if path.name not in keep)
        return versions

    def write_clusters(self, wanted: Configuration) -> Versions:
        """Write endpoints before the clusters that read them, remove files of clusters that are gone."""
        versions = {
            admin.endpoints_of(name): _write(self.layout.endpoints / file_name(name), [resource])
            for name, resource in _changed(self.content.endpoints, wanted.endpoints)
        }
        if wanted.clusters != self.content.clusters or not self.clusters.exists():
            versions[admin.CLUSTERS] = _write(self.clusters, wanted.clusters.values())
        self._set(clusters=wanted.clusters, endpoints=wanted.endpoints)
        return versions

    def write_routes(self, wanted: Configuration) -> Versions:
        """Write routes before the listeners that read them."""
        versions = {
            admin.routes_of(name): _write(self.layout.routes / file_name(name), [resource])
            for name, resource in _changed(self.content.routes, wanted.routes)
        }
        if wanted.listeners != self.content.listeners or not self.listeners.exists():
            versions[admin.LISTENERS] = _write(self.listeners, wanted.listeners.values())
        self._set(routes=wanted.routes, listeners=wanted.listeners)
        return versions

    @staticmethod
    def subscriptions_of(configuration: Configuration) -> set[str]:
        """Return everything of which Envoy is to have a version."""
        endpoints = {admin.endpoints_of(name) for name in configuration.endpoints}
        return {admin.CLUSTERS, admin.LISTENERS} | endpoints | {admin.routes_of(name) for name in configuration.routes}

    def log_size(self) -> int:
        """Return how long Envoy's log is."""
        return self.log.stat().st_size if self.log.exists() else 0

    def log_text(self, start: int) -> str:
        """Return what Envoy logged from a position on."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(start)
            return log.read().decode(errors="replace")

    def tidy(self) -> None:
        """Remove the files of resources that no longer exist; only after Envoy has let go of them."""
        for folder, resources in (
            (self.layout.endpoints, self.content.endpoints),
            (self.layout.routes, self.content.routes),
        ):
            keep = {file_name(name) for name in resources}
            _remove(path for path in folder.glob("*.json") if path.name not in keep)

    def _set(self, **parts: Resources) -> None:
        self.content = Configuration(**{**vars(self.content), **parts})


def _changed(old: Resources, new: Resources) -> list[tuple[str, Object]]:
    return [(name, resource) for name, resource in new.items() if old.get(name) != resource]


def _write(path: Path, resources: Iterable[Object]) -> str:
    """Write resources and return their version: made of the content, so it means the same after a restart."""
    found = list(resources)
    version = hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:16]
    _replace(path, {"version_info": version, "resources": found})
    return version


def _replace(path: Path, content: Object) -> None:
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(json.dumps(content))
    temporary.replace(path)


def _remove(paths: Iterable[Path]) -> None:
    for path in list(paths):
        path.unlink(missing_ok=True)
