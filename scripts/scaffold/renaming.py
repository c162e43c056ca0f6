"""The platform under a team's own name: its name, the namespace of its services, and the registry of its images."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from scaffold.checks import LABEL, SHAPE
from scaffold.errors import ScaffoldError
from scaffold.style import styled
from scaffold.syntax import check_syntax
from scaffold.tree import Tree

# Where the tree says what it is called now.
_NAME = ("scripts/cluster/manifests.py", r'^PLATFORM = "([a-z0-9-]+)"')
_NAMESPACE = ("scripts/cluster/settings.py", r'^DEFAULT_NAMESPACE = "([a-z0-9-]+)"')
_REGISTRY = ("k8s/overlays/production/kustomization.yaml", r"newName: ([\w./:-]+)/[a-z0-9-]+$")
_PREFIX = re.compile(r"[a-z0-9][\w.-]*(:\d+)?(/[a-z0-9][\w.-]*)+")
# Behind the name come endings such as that of the ClusterRole of the longest name.
_LONGEST = LABEL - len("kind--otel-collector-control-plane")
# Namespaces of the cluster and of the platform's tools.
_TAKEN = re.compile(r"default|kube-.*|istio-.*|observability|argocd|local-path-storage")
# Not text of ours, or nobody's to change.
_KEPT = re.compile(r"(^|/)(LICENSE|\.git|.*\.(svg|png|zip|gz|whl|pb|ico|woff2?))$|requirements\.txt$")
# Where names are examples.
_EXAMPLES = re.compile(r"(^|/)(Makefile|README\.md|docs/.*|(scripts|tests)/scaffold/.*)$")
# Between what a namespace stands: in quotes, in paths, in the names of hosts, behind what says that one follows.
_END = r"(?![\w-])"
_PLACES = [
    (r"[\"'`]", r"(?=[\"'`/])"),
    (r"\.", r"(?=\.svc\b)"),
    *(
        (before, _END)
        for before in (
            "namespaces/",
            "Namespace/",
            "/ns/",
            "-n ",
            "--namespace ",
            "namespace: ",
            "namespace ",
            "namespace=",
            "project: ",
            "NAMESPACE=",
            "NAMESPACE, else ",
            "NAMESPACE, then ",
            "  name: ",
            "value: ",
            r"metadata\.name: ",
            r"gateways: \[",
        )
    ),
]


@dataclass(frozen=True)
class Identity:
    """What a platform is called.

    Attributes:
        name: of the platform, such as ``proving-ground``.
        namespace: where its services live.
        registry: what stands before the names of its images in production.
    """

    name: str
    namespace: str
    registry: str


def identity(tree: Tree) -> Identity:
    """Return what the platform is called now.

    Raises:
        ScaffoldError: the tree does not say.
    """
    return Identity(*(_told(tree, *place) for place in (_NAME, _NAMESPACE, _REGISTRY)))


def rename(tree: Tree, name: str, namespace: str = "", registry: str = "") -> list[str]:
    """Let the platform be called something else, and return the paths of what changes: none if it is called so.

    Args:
        tree: what to change; `Tree.write` writes it.
        name: of the platform; lower-case letters, digits and hyphens.
        namespace: where its services live, empty for where they live now.
        registry: what stands before the names of its images in production, empty for what stands there now.

    Raises:
        ScaffoldError: one of them cannot be used; or the result would not be valid.
    """
    old = identity(tree)
    new = Identity(name, namespace or old.namespace, registry or old.registry)
    _check(tree, old, new)
    for path in tree.files():
        if not _KEPT.search(path) and (text := _text(tree, path)) is not None:
            changed = renamed(text, old, new)
            if changed != text:
                tree.put(path, changed)
    _polish(tree)
    return sorted(tree.changes)


def renamed(text: str, old: Identity, new: Identity) -> str:
    """Return a text of one platform as the other's."""
    text = re.sub(rf"(?<=newName: ){re.escape(old.registry)}(?=/)", new.registry, text)
    if new.namespace != old.namespace:
        text = _moved(text, old.namespace, new.namespace)
    return _called(text, old.name, new.name)


def _called(text: str, old: str, new: str) -> str:
    for before, after in zip(_forms(old), _forms(new), strict=True):
        text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(before)}(?![A-Za-z0-9])", after, text)
    return text


def _forms(name: str) -> tuple[str, ...]:
    """Return how a name is written: in Kubernetes, in data streams, in environments, and by people."""
    words = name.split("-")
    return name, "_".join(words), "_".join(words).upper(), " ".join(map(str.capitalize, words))


def _moved(text: str, old: str, new: str) -> str:
    """Write another namespace wherever a text means one: the shop itself, of which people speak, stays a shop."""
    for before, after in _PLACES:
        text = re.sub(rf"(?<={before}){re.escape(old)}{after}", new, text)
    return text


def _check(tree: Tree, old: Identity, new: Identity) -> None:
    _check_shapes(new)
    if _TAKEN.fullmatch(new.namespace):
        raise ScaffoldError(f"NAMESPACE={new.namespace} cannot be used: it is the cluster's own, or that of a tool")
    if new.name == new.namespace:
        raise ScaffoldError(f"NAME and NAMESPACE are both {new.name}: let them differ, so that they can be told apart")
    _check_new(tree, "NAME", old.name, new.name, lambda text: _called(text, new.name, ""))
    _check_new(tree, "NAMESPACE", old.namespace, new.namespace, lambda text: _moved(text, new.namespace, ""))


def _check_shapes(new: Identity) -> None:
    for what, value in (("NAME", new.name), ("NAMESPACE", new.namespace)):
        if not SHAPE.fullmatch(value) or len(value) > _LONGEST:
            raise ScaffoldError(
                f"{what}={value!r} cannot be used: lower-case letters, digits and single hyphens, a letter first,"
                f" at most {_LONGEST} characters"
            )
    if not _PREFIX.fullmatch(new.registry):
        raise ScaffoldError(
            f"IMAGE_REGISTRY={new.registry!r} is no prefix of images: write it as in registry.example.com/team"
        )


def _check_new(tree: Tree, what: str, old: str, new: str, taken_out: Callable[[str], str]) -> None:
    """See that a name is not in use, where it could not be told apart afterwards."""
    for path in () if new == old else tree.files():
        skipped = _KEPT.search(path) or _EXAMPLES.search(path)
        if not skipped and (text := _text(tree, path)) and taken_out(text) != text:
            raise ScaffoldError(f"{what}={new} cannot be used: it means something else in {path}")


def _text(tree: Tree, path: str) -> str | None:
    try:
        return tree.read(path)
    except UnicodeDecodeError:
        return None


def _told(tree: Tree, path: str, pattern: str) -> str:
    found = re.search(pattern, tree.read(path), re.MULTILINE)
    if not found:
        raise ScaffoldError(
            f"{path} no longer says what the platform is called: scripts/scaffold/renaming.py looks there"
        )
    return found[1]


def _polish(tree: Tree) -> None:
    """Bring Python into the style of the tree, and see that every file is what it claims to be."""
    changed = {path: text for path, text in tree.changes.items() if text is not None}
    python = {path: text for path, text in changed.items() if path.endswith(".py")}
    tree.changes.update(styled(python, tree.read("pyproject.toml")))
    for path, text in tree.changes.items():
        check_syntax(path, text or "")
