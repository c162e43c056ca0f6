"""Objects on their way through a build: each remembers the names it has had, so that others still find it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cluster.kustomize.documents import ManifestError, Object

# Kinds without a namespace. Kinds that are not known are taken for namespaced, as kustomize does.
CLUSTER_WIDE = frozenset(
    {
        "APIService",
        "ClusterRole",
        "ClusterRoleBinding",
        "CSIDriver",
        "CSINode",
        "CustomResourceDefinition",
        "IngressClass",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "RuntimeClass",
        "StorageClass",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "VolumeAttachment",
    }
)


class Id(NamedTuple):
    """What an object is called at one point of a build."""

    group: str
    kind: str
    namespace: str
    name: str


@dataclass
class Item:
    """One object of a build.

    Attributes:
        body: the object itself.
        previous: the ids it had before, oldest first.
        hashed: whether its name gets a hash of its content at the end.
    """

    body: Object
    previous: list[Id] = field(default_factory=list)
    hashed: bool = False

    @property
    def id(self) -> Id:
        """Return what the object is called now."""
        return id_of(self.body)

    @property
    def ids(self) -> list[Id]:
        """Return all that the object is and was called."""
        return [*self.previous, self.id]

    @property
    def kind(self) -> str:
        """Return the object's kind."""
        return str(self.body["kind"])

    @property
    def name(self) -> str:
        """Return the object's present name."""
        return str(self.body["metadata"]["name"])

    def remember(self) -> None:
        """Keep the present id before the name or the namespace changes."""
        if self.id not in self.previous:
            self.previous.append(self.id)


def id_of(body: Object) -> Id:
    """Return what an object is called."""
    group = body["apiVersion"].rpartition("/")[0]
    namespace = "" if body["kind"] in CLUSTER_WIDE else body["metadata"].get("namespace") or ""
    return Id(group, body["kind"], namespace, body["metadata"]["name"])


class Items:
    """The objects of a build, in the order in which they were read."""

    def __init__(self) -> None:
        self._items: list[Item] = []

    def __iter__(self) -> Iterator[Item]:
        return iter(list(self._items))

    def add(self, item: Item, source: str) -> None:
        """Add an object.

        Raises:
            ManifestError: there is one of that kind and name.
        """
        if any(item.id == other.id for other in self._items):
            raise ManifestError(f"{source}: {item.kind} {item.name} is given twice")
        self._items.append(item)

    def extend(self, items: Iterable[Item], source: str) -> None:
        """Add several objects."""
        for item in items:
            self.add(item, source)

    def remove(self, item: Item) -> None:
        """Take an object out."""
        self._items.remove(item)

    def called(self, wanted: Id) -> list[Item]:
        """Return the objects that are or were called so."""
        return [item for item in self._items if wanted in item.ids]

    def select(self, target: Object) -> list[Item]:
        """Return the objects that a patch's `target` means: regular expressions for names, selectors for labels."""
        return [item for item in self._items if _is_target(item, target)]


def _is_target(item: Item, target: Object) -> bool:
    group, _, version = item.body["apiVersion"].rpartition("/")
    metadata = item.body["metadata"]
    exact = {"group": group, "version": version, "kind": item.kind}
    if any(not _matches(target.get(key), value) for key, value in exact.items()):
        return False
    if not any(_matches(target.get("name"), each.name) for each in item.ids):
        return False
    if not any(_matches(target.get("namespace"), each.namespace or "default") for each in item.ids):
        return False
    return selects(target.get("labelSelector"), metadata.get("labels") or {}) and selects(
        target.get("annotationSelector"), metadata.get("annotations") or {}
    )


def _matches(pattern: Any, value: str) -> bool:
    return not pattern or re.fullmatch(str(pattern), value) is not None


_TERM = re.compile(
    r"(?P<absent>!)?(?P<key>[\w./-]+)\s*(?:(?P<op>==|=|!=)\s*(?P<value>[\w.-]*)"
    r"|\s(?P<set>in|notin)\s*\((?P<values>[^)]*)\))?"
)


def selects(selector: str | None, labels: dict[str, str]) -> bool:
    """Tell whether a selector in kubectl's notation matches labels.

    Raises:
        ManifestError: the selector cannot be read.
    """
    for term in re.split(r",(?![^(]*\))", selector or ""):
        if term.strip() and not _term_matches(term.strip(), labels):
            return False
    return True


def _term_matches(term: str, labels: dict[str, str]) -> bool:
    match = _TERM.fullmatch(term)
    if match is None:
        raise ManifestError(f"selector {term!r}: cannot be read")
    value = labels.get(match["key"])
    if match["op"]:
        return (value == match["value"]) is (match["op"] != "!=")
    if match["set"]:
        values = {each.strip() for each in match["values"].split(",")}
        return (value in values) is (match["set"] == "in")
    return (value is None) is bool(match["absent"])
