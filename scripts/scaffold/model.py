"""The model of every service, as it stands in the tree: which files are `user`'s own, and what of them is only its."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath

from scaffold.blocks import names_service
from scaffold.errors import ScaffoldError
from scaffold.names import Names
from scaffold.syntax import check_syntax
from scaffold.tree import Tree
from scaffold.words import rename, translate

MODEL = "user"
# What the drills and the tests of the platform are about.
SHOP = ("order", MODEL)
# Where a service has files of its own, and where it has entries in files that it shares.
OWN = (
    "services",
    "k8s",
    "istio",
    "observability/signals",
    "observability/slo",
    "scripts/drills/traffic",
    "tests/unit/services",
)
SHARED = ("k8s", "istio", "services/.dockerignore", "services/images.yaml", "pyproject.toml")
# What another service starts without, and why.
LEFT_OUT = {
    "istio/routing/user/virtual-service-mesh.yaml": "no other service asks for it; order asks for users",
}
# What in a file of its own is only the model's, and what a new service has instead. Each has to be there, once.
EDITS: Mapping[str, Sequence[tuple[str, str]]] = {
    "istio/routing/user/kustomization.yaml": [("  - virtual-service-mesh.yaml\n", "")],
    "istio/base/allow-user.yaml": [("[order, istio-system/", "[istio-system/")],
    "k8s/components/network-policy/user.yaml": [
        ("        - podSelector:\n            matchLabels:\n              app: order\n", ""),
    ],
    "services/user/__init__.py": [("service: who may order.", "service.")],
    "tests/unit/services/test_user_api.py": [
        ("import uuid\n\nfrom", "import uuid\n\nimport pytest\nfrom"),
        (
            '"email": "ada@example.org"}\n',
            '"email": "ada@example.org"}\n\n\n@pytest.fixture\ndef user(tmp_path):\n'
            '    """The user service, v2, migrated."""\n    return support.client("user", tmp_path, "v2")\n',
        ),
    ],
}


def services(tree: Tree) -> list[str]:
    """Return the services of the shop: what has a Deployment."""
    paths = (PurePath(path) for path in tree.files("k8s/base"))
    return sorted(path.parts[2] for path in paths if path.name == "deployment.yaml")


def speaks_of(tree: Tree, name: str) -> str:
    """Return a place where a word means something already that would be taken for a service, empty if there is none."""
    known = [*services(tree), name]
    for path in tree.files(*OWN, *SHARED):
        if owner(path, known) == name:
            return path
        lines = _lines(tree, path) if path.startswith(SHARED) and not owner(path, known) else []
        if any(names_service(line, known) == name for line in lines):
            return path
    return ""


def owner(path: str, known: Sequence[str]) -> str:
    """Return the service that a file belongs to, empty if it is shared."""
    return next((name for part in PurePath(path).parts if (name := _named(part, known))), "")


def own_files(tree: Tree, service: str) -> list[str]:
    """Return the files that belong to one service."""
    known = services(tree)
    return [path for path in tree.files(*OWN) if owner(path, known) == service]


def shared_files(tree: Tree, service: str) -> Iterator[str]:
    """Yield the files that belong to none, and name the service outside of comments."""
    known = services(tree)
    for path in tree.files(*SHARED):
        if not owner(path, known) and any(names_service(line, [service]) for line in _lines(tree, path)):
            yield path


def copy_of(tree: Tree, path: str, names: Names) -> tuple[str, str]:
    """Return path and text of what a new service has where the model has a file.

    Raises:
        ScaffoldError: the file is not valid, or what the rules say is in it is not.
    """
    text = tree.read(path)
    check_syntax(path, text)
    for old, new in EDITS.get(path, ()):
        if text.count(old) != 1:
            raise ScaffoldError(f"{path} has changed: scripts/scaffold/model.py looks there for {old.strip()!r}")
        text = text.replace(old, new)
    return path_of(path, names), translate(text, names, path)


def path_of(path: str, names: Names) -> str:
    """Return where a new service has what the model has at a path."""
    parts = PurePath(path).parts
    snaky = path.endswith(".py") or parts[0] == "services"
    as_code = "x.py" if snaky else "x.yaml"
    return str(PurePath(*(rename(part.replace("nickname", "note"), names, as_code) for part in parts)))


def _lines(tree: Tree, path: str) -> list[str]:
    """Return the lines in which a file may have entries."""
    return tree.read(path).splitlines() if path.endswith((".yaml", ".toml", ".sql", ".dockerignore")) else []


def _named(part: str, known: Sequence[str]) -> str:
    stem = PurePath(part).stem if re.search(r"\.(ya?ml|env|py|sql)$", part) else part
    words = re.split(r"[-_.]", stem)
    for name in sorted(known, key=len, reverse=True):
        size = len(name.split("-"))
        if any(words[at : at + size] == name.split("-") for at in range(len(words))):
            return name
    return ""
