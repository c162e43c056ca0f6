"""Another service of the shape of `user`, and the way back."""

from __future__ import annotations

from scaffold import blocks
from scaffold.checks import check_name, check_texts
from scaffold.errors import ScaffoldError
from scaffold.generated import regenerate
from scaffold.model import LEFT_OUT, MODEL, SHOP, copy_of, own_files, services, shared_files
from scaffold.names import Names
from scaffold.style import styled
from scaffold.syntax import check_syntax
from scaffold.tree import Tree
from scaffold.words import translate


def new(tree: Tree, name: str) -> list[str]:
    """Let there be another service, and return the paths of what changes.

    Args:
        tree: what to change; `Tree.write` writes it.
        name: of the service, such as ``gift-card``.

    Raises:
        ScaffoldError: it cannot have this name, or the rules no longer fit the tree.
    """
    names = check_name(tree, name)
    _add(tree, names)
    return sorted(tree.changes)


def remove(tree: Tree, name: str) -> tuple[list[str], list[str]]:
    """Let a service that was made by `new` be gone.

    Args:
        tree: what to change; `Tree.write` writes it.
        name: of the service.

    Returns:
        the paths of what changes, and those whose content is lost: somebody wrote it after `new`.

    Raises:
        ScaffoldError: there is no such service, or it was not made by `new`.
    """
    _check_removable(tree, name)
    names = Names(name)
    for path in own_files(tree, name):
        tree.remove(path)
    known = [*services(tree), name]
    for path in list(shared_files(tree, name)):
        tree.put(path, blocks.remove(tree.read(path), names, known))
    regenerate(tree)
    made = _as_made(tree, names)
    return sorted(tree.changes), sorted(path for path in tree.changes if made.get(path) != tree.on_disk(path))


def _check_removable(tree: Tree, name: str) -> None:
    known = services(tree)
    if name not in known:
        raise ScaffoldError(
            f"there is no service {name or 'without a name: say NAME=...'}: there are {', '.join(known)}"
        )
    if name in SHOP:
        raise ScaffoldError(f"{name} is what the drills and the tests of the platform are about, so it stays")
    if users := _named_by_others(tree, name):
        raise ScaffoldError(f"{name} is still used: {', '.join(users)}")


def _named_by_others(tree: Tree, name: str) -> list[str]:
    """Return files of other services that name this one: with it gone they would be wrong."""
    others = [path for each in services(tree) if each != name for path in own_files(tree, each)]
    named = (path for path in others if not path.endswith((".py", "Dockerfile")))
    found = [path for path in named if any(blocks.names_service(line, [name]) for line in tree.read(path).splitlines())]
    package = Names(name).snake
    imports = (f"from {package}", f"import {package}")
    return found + [
        path for path in others if path.endswith(".py") and any(each in tree.read(path) for each in imports)
    ]


def _as_made(tree: Tree, names: Names) -> dict[str, str | None]:
    """Return what `new` would make now, in a tree without the service."""
    again = Tree(tree.root)
    again.changes = dict(tree.changes)
    _add(again, names)
    return again.changes


def _add(tree: Tree, names: Names) -> None:
    known = services(tree)
    shared = {path: _with_entries(tree, path, names, known) for path in shared_files(tree, MODEL)}
    copies = dict(copy_of(tree, path, names) for path in own_files(tree, MODEL) if path not in LEFT_OUT)
    if taken := [path for path in copies if tree.exists(path)]:
        raise ScaffoldError(f"NAME={names.kebab} cannot be used: {taken[0]} is there already")
    python = {path: text for path, text in copies.items() if path.endswith(".py")}
    copies |= styled(python, shared["pyproject.toml"])
    check_texts(copies, names)
    for path, text in (shared | copies).items():
        tree.put(path, text)
    regenerate(tree)


def _with_entries(tree: Tree, path: str, names: Names, known: list[str]) -> str:
    old = tree.read(path)
    text = blocks.add(old, MODEL, names, known, lambda entry: translate(entry, names, path))
    if text == old:
        raise ScaffoldError(f"{path} names {MODEL}, and no rule of scripts/scaffold/blocks.py says how")
    check_syntax(path, text)
    return text
