"""Volumes: folders below the state folder, and the paths that lead a process there.

A process has no mount namespace of its own, so nothing can appear at a `mountPath`. Instead every path below one is
rewritten to the folder wherever the manifest or the image states it: in environment values, commands and arguments.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from embedded.apiserver.resources import CONFIG_MAPS, PERSISTENT_VOLUME_CLAIMS, SECRETS, Resource
from embedded.apiserver.store import Store
from embedded.kubelet import account
from embedded.kubelet.account import ApiAccess, is_mounted
from embedded.kubelet.environment import ConfigError, expand, field, files

Volume = dict[str, Any]


class Volumes:
    """The volumes of one pod.

    Args:
        store: where ConfigMaps, Secrets and claims are.
        pod: the pod.
        folder: the pod's own folder.
        claims: where the folders of persistent volume claims are.
        access: how the pod reaches the API server with its account; None where nothing answers.
    """

    def __init__(
        self, store: Store, pod: dict[str, Any], folder: Path, claims: Path, access: ApiAccess | None = None
    ) -> None:
        self._store = store
        self._pod = pod
        self._namespace = pod["metadata"]["namespace"]
        self._folder = folder / "volumes"
        self._claims = claims
        self._access = access
        self._account = folder / "serviceaccount"
        self._folders: dict[str, Path] = {}
        self._makers: dict[str, Callable[[Path, dict[str, Any]], None]] = {
            "configMap": lambda folder, source: self._write(folder, CONFIG_MAPS, source, source.get("name", "")),
            "secret": lambda folder, source: self._write(folder, SECRETS, source, source.get("secretName", "")),
            "downwardAPI": self._write_fields,
            "projected": self._project,
        }

    def prepare(self) -> None:
        """Create the folders of all volumes.

        Raises:
            ConfigError: a volume cannot be made; names it and why.
        """
        for volume in self._pod["spec"].get("volumes") or ():
            self._folders[volume["name"]] = self._prepare(volume)
        if self._access and is_mounted(self._store, self._pod):
            account.write(self._account, self._access, self._namespace)

    def _prepare(self, volume: Volume) -> Path:
        kind = next((key for key in volume if key != "name"), "emptyDir")
        if kind == "persistentVolumeClaim":
            return self._claim(volume[kind]["claimName"])
        if kind != "emptyDir" and kind not in self._makers:
            raise ConfigError(f'volume "{volume["name"]}": {kind} is not supported by the embedded cluster')
        folder = self._folder / str(volume["name"])
        folder.mkdir(parents=True, exist_ok=True)
        if kind in self._makers:
            self._makers[kind](folder, volume[kind])
        return folder

    def _claim(self, name: str) -> Path:
        if self._store.find(PERSISTENT_VOLUME_CLAIMS, self._namespace, name) is None:
            raise ConfigError(f'persistentvolumeclaim "{name}" not found')
        folder = self._claims / str(self._namespace) / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _write(self, folder: Path, resource: Resource, source: dict[str, Any], name: str) -> None:
        content = files(self._store, resource, self._namespace, name)
        if content is None:
            if source.get("optional"):
                return
            raise ConfigError(f'{resource.kind.lower()} "{name}" not found')
        for key, path in _items(source, content).items():
            if key in content:
                _write_file(folder, path, content[key])
            elif not source.get("optional"):
                raise ConfigError(f"references non-existent {resource.kind.lower()} key: {key}")

    def _write_fields(self, folder: Path, source: dict[str, Any]) -> None:
        for item in source.get("items") or ():
            if "fieldRef" not in item:
                raise ConfigError("downwardAPI volumes support fieldRef only")
            _write_file(folder, item["path"], field(self._pod, item["fieldRef"]["fieldPath"]).encode())

    def _project(self, folder: Path, source: dict[str, Any]) -> None:
        for part in source.get("sources") or ():
            kind, inner = next(iter(part.items()))
            if kind not in self._makers or kind == "projected":
                raise ConfigError(f"projected source {kind} is not supported by the embedded cluster")
            # A projected Secret is named by `name`, a volume's by `secretName`.
            self._makers[kind](folder, {"secretName": inner.get("name", ""), **inner})

    def rewriter(self, container: dict[str, Any], env: Mapping[str, str]) -> Callable[[str], str]:
        """Return what turns paths below the container's mount paths into paths below the volumes' folders.

        Raises:
            ConfigError: a mount names no volume of the pod, or leads out of it.
        """
        mounts = {account.MOUNT: str(self._account)} if self._account.exists() else {}
        for mount in container.get("volumeMounts") or ():
            folder = self._folders.get(mount["name"])
            if folder is None:
                raise ConfigError(f'volumeMount "{mount["name"]}" names no volume of the pod')
            inner = mount.get("subPath") or expand(mount.get("subPathExpr") or "", env)
            if ".." in Path(inner).parts or Path(inner).is_absolute():
                raise ConfigError(f'volumeMount "{mount["name"]}": subPath must lead into the volume, not {inner}')
            if not (folder / inner).exists():
                (folder / inner).mkdir(parents=True)
            mounts[mount["mountPath"].rstrip("/")] = str(folder / inner)
        return rewriter(mounts)


def rewriter(mounts: Mapping[str, str]) -> Callable[[str], str]:
    """Return what replaces whole path prefixes in a text.

    ``/data`` is replaced in ``/data/x``, ``a=/data,b`` and ``sqlite:////data/x.db``, but not in ``/database``,
    ``/srv/data`` or the host of ``http://data:8080``.
    """
    if not mounts:
        return lambda text: text
    longest_first = sorted(mounts, key=len, reverse=True)
    paths = re.compile(rf"(?<![\w.-])(?<!:/)({'|'.join(map(re.escape, longest_first))})(?![\w.-])")
    return lambda text: paths.sub(lambda found: mounts[found[1]], text)


def _items(source: dict[str, Any], content: Mapping[str, bytes]) -> dict[str, str]:
    """Return the file path for each key: those that are listed, or all under their own names."""
    if source.get("items"):
        return {item["key"]: item["path"] for item in source["items"]}
    return {key: key for key in content}


def _write_file(folder: Path, path: str, content: bytes) -> None:
    if ".." in Path(path).parts or Path(path).is_absolute():
        raise ConfigError(f"volume item path {path} must lead into the volume")
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def remove(folder: Path) -> None:
    """Delete a folder that may be gone already."""
    shutil.rmtree(folder, ignore_errors=True)
