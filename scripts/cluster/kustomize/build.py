"""Reading a kustomization and all that it is made of, in the order of kustomize's own steps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cluster.kustomize import transformers
from cluster.kustomize.documents import ManifestError, Object, parse, parse_objects, read_text
from cluster.kustomize.fields import entries, known, strings, text
from cluster.kustomize.generators import add_hash, generate
from cluster.kustomize.patches import PATCH_FIELDS, apply_patch
from cluster.kustomize.references import fix_references
from cluster.kustomize.resources import Item, Items

_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_FIELDS = {
    "apiVersion",
    "commonAnnotations",
    "components",
    "configMapGenerator",
    "generatorOptions",
    "images",
    "kind",
    "labels",
    "metadata",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "patches",
    "replicas",
    "resources",
    "secretGenerator",
}
_GENERATOR_OPTIONS = {"annotations", "disableNameSuffixHash", "immutable", "labels"}


def build(folder: Path, on_top: Callable[[Items], None] = lambda _items: None) -> list[Object]:
    """Return the objects that a kustomization describes.

    Args:
        folder: where its ``kustomization.yaml`` stands.
        on_top: changes the objects as another kustomization on top of this one would.

    Raises:
        ManifestError: something is missing, wrong, or not supported.
    """
    items = Items()
    _Kustomization(folder, ()).accumulate(items)
    on_top(items)
    for item in items:
        if item.hashed:
            add_hash(item)
    fix_references(items)
    return [item.body for item in items]


class _Kustomization:
    """One kustomization file; `parents` are the folders whose kustomizations led here."""

    def __init__(self, folder: Path, parents: tuple[Path, ...], component: bool = False) -> None:
        self._folder = folder
        self._parents = (*parents, folder.resolve())
        if folder.resolve() in parents:
            raise ManifestError(f"{folder}: includes itself by way of {parents[-1].name}")
        self._file = _file_of(folder)
        documents = parse(read_text(self._file), str(self._file))
        if len(documents) != 1:
            raise ManifestError(f"{self._file}: expected one document, found {len(documents)}")
        self._body = known(documents[0], _FIELDS, str(self._file))
        wanted = "Component" if component else "Kustomization"
        if self._body.get("kind", "Kustomization") != wanted:
            raise ManifestError(f"{self._file}: expected kind {wanted}, found {self._body.get('kind')}")

    def accumulate(self, items: Items) -> None:
        """Add what this kustomization describes; as a component also change what is there already."""
        for entry, source in self._entries("resources"):
            self._resource(items, text(entry, source), source)
        self._generate(items)
        for entry, source in self._entries("components"):
            _Kustomization(self._folder / text(entry, source), self._parents, component=True).accumulate(items)
        self._transform(items)

    def _entries(self, field: str) -> list[tuple[Any, str]]:
        source = f"{self._file}: {field}"
        return [(entry, source) for entry in entries(self._body.get(field), source)]

    def _text(self, field: str) -> str:
        return text(self._body[field], f"{self._file}: {field}") if self._body.get(field) else ""

    def _resource(self, items: Items, entry: str, source: str) -> None:
        path = self._folder / entry
        if "://" in entry or not path.exists():
            raise ManifestError(f"{source}: there is no file or folder {entry}")
        if path.is_dir():
            inner = Items()
            _Kustomization(path, self._parents).accumulate(inner)
            items.extend(inner, source)
        else:
            bodies = parse_objects(read_text(self._inside(entry, source)), str(path))
            items.extend([Item(body) for body in bodies], str(path))

    def _inside(self, entry: str, source: str) -> Path:
        """Return a file's path; files of other folders are out of bounds, as for kustomize."""
        path = self._folder / entry
        if not path.resolve().is_relative_to(self._folder.resolve()):
            raise ManifestError(f"{source}: file {entry} stands outside {self._folder}")
        return path

    def _generate(self, items: Items) -> None:
        options = self._body.get("generatorOptions") or {}
        known(options, _GENERATOR_OPTIONS, f"{self._file}: generatorOptions")
        for field, kind in (("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")):
            for entry, source in self._entries(field):
                generate(items, kind, entry, options, source, self._folder)

    def _transform(self, items: Items) -> None:
        body = self._body
        for entry, source in self._entries("patches"):
            if "path" in known(entry, PATCH_FIELDS, source):
                self._inside(text(entry["path"], f"{source}.path"), source)
            apply_patch(items, entry, source, self._folder)
        if body.get("namespace"):
            transformers.set_namespace(items, self._text("namespace"))
        if body.get("namePrefix") or body.get("nameSuffix"):
            transformers.set_affixes(items, self._text("namePrefix"), self._text("nameSuffix"))
        for entry, source in self._entries("labels"):
            transformers.set_labels(items, entry, source)
        if body.get("commonAnnotations"):
            source = f"{self._file}: commonAnnotations"
            transformers.set_annotations(items, strings(body["commonAnnotations"], source))
        for entry, source in self._entries("replicas"):
            transformers.set_replicas(items, entry, source)
        for entry, source in self._entries("images"):
            transformers.set_image(items, entry, source)


def _file_of(folder: Path) -> Path:
    for name in _NAMES:
        if (folder / name).is_file():
            return folder / name
    raise ManifestError(f"{folder}: there is no {_NAMES[0]} here")
