"""What is looked at before anything is written: the name, then what the rules made of it."""

from __future__ import annotations

import builtins
import importlib.metadata
import io
import keyword
import re
import sys
import tokenize
import tomllib
from collections.abc import Iterator, Mapping

from scaffold.errors import ScaffoldError
from scaffold.model import MODEL, own_files, services, speaks_of
from scaffold.names import Names
from scaffold.syntax import check_syntax
from scaffold.tree import Tree
from scaffold.words import foreign

# Of a DNS label; the longest name that is made of a service's is that of a canary's pod.
LABEL = 63
POD = "-canary-0123456789-abcde"
# What delivery, set-up and the manifests put behind the name of a service.
ENDINGS = ("blue", "both", "canary", "database", "green", "mesh", "migrate", "preview", "stable")
SHAPE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def check_name(tree: Tree, name: str) -> Names:
    """Return the name in all its forms.

    Raises:
        ScaffoldError: it cannot be the name of a new service.
    """
    _check_shape(name)
    names = Names(name)
    for reason in _conflicts(tree, names):
        raise ScaffoldError(f"NAME={name} cannot be used: {reason}")
    return names


def _check_shape(name: str) -> None:
    if not SHAPE.fullmatch(name):
        raise ScaffoldError(
            f"NAME={name!r} is no name of a service: lower-case letters, digits and single hyphens, a letter first,"
            " as in gift-card"
        )
    if len(name) > LABEL - len(POD):
        raise ScaffoldError(
            f"NAME={name} is too long: at most {LABEL - len(POD)} characters, since pods are called {name[:8]}...{POD}"
        )


def _conflicts(tree: Tree, names: Names) -> Iterator[str]:
    known = services(tree)
    if names.kebab in known or names.snake in map(_snake, known):
        yield f"there is a service {names.kebab} already"
    if names.kebab.rpartition("-")[2] in ENDINGS:
        yield f"releases make objects whose names end in {names.kebab.rpartition('-')[2]}"
    if keyword.iskeyword(names.snake) or keyword.issoftkeyword(names.snake) or hasattr(builtins, names.snake):
        yield f"{names.snake} means something in Python"
    if names.snake in sys.stdlib_module_names or names.snake in importlib.metadata.packages_distributions():
        yield f"Python has a package {names.snake} already"
    if names.snake in _packages(tree):
        yield f"{names.snake} is a package of this project"
    if names.kebab in known_roots(tree):
        yield f"an object of the manifests is called {names.kebab}"
    if place := speaks_of(tree, names.kebab):
        yield f"it means something else in {place}"
    if used := {names.snake, names.camel, names.many.snake} & _used(tree):
        yield f"{min(used)} means something else in the code of a service"
    yield from (
        f"its path /{names.many.kebab} and that of {each} begin alike"
        for each in known
        if _alike(names.many.kebab, Names(each).many.kebab)
    )


def _snake(name: str) -> str:
    return name.replace("-", "_")


def _alike(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _packages(tree: Tree) -> set[str]:
    lint = tomllib.loads(tree.read("pyproject.toml"))["tool"]["importlinter"]
    return {*lint["root_packages"], "scaffold"}


def known_roots(tree: Tree) -> set[str]:
    """Return the names of objects in the manifests: another one's name must not be among them."""
    found = (re.findall(r"^  name: ([a-z0-9-]+)", tree.read(path), re.MULTILINE) for path in _manifests(tree))
    return {name for names in found for name in names}


def _manifests(tree: Tree) -> list[str]:
    return [path for path in tree.files("k8s", "istio", "observability") if path.endswith(".yaml")]


def _used(tree: Tree) -> set[str]:
    """Return the names that the code of the model gives to other things than what it is about."""
    found: set[str] = set()
    for path in own_files(tree, MODEL):
        if path.endswith(".py"):
            check_syntax(path, tree.read(path))
            tokens = tokenize.generate_tokens(io.StringIO(tree.read(path)).readline)
            found |= {token.string for token in tokens if token.type == tokenize.NAME}
    return (found | {"note", "reference"}) - {"user", "users", "User"}


def check_texts(texts: Mapping[str, str], names: Names) -> None:
    """Look at what the rules made.

    Raises:
        ScaffoldError: a file is none of its kind, or still speaks of users.
    """
    for path, text in texts.items():
        if left := ", ".join(foreign(text, names)):
            raise ScaffoldError(f"{path} would still say {left}: a rule of scripts/scaffold/words.py is missing")
        check_syntax(path, text)
