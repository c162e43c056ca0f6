"""Copies of the tree, in which services come and go."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scaffold import service
from scaffold.model import services
from scaffold.tree import DOTTED, NOT_OURS, REPOSITORY, Tree


def copied(to: Path) -> Path:
    """Copy what is the project's, as it was before anybody made a service of his own in it."""

    def left_out(_folder: str, names: list[str]) -> set[str]:
        return {name for name in names if name in NOT_OURS or (name.startswith(".") and name not in KEPT)}

    shutil.copytree(REPOSITORY, to, ignore=left_out)
    for name in set(services(Tree(to))) - {"user", "order"}:
        tree = Tree(to)
        service.remove(tree, name)
        tree.write()
    return to


KEPT = {*DOTTED, ".dockerignore"}


def contents(root: Path) -> dict[str, bytes]:
    """Return every file of a tree, by its path; what Python compiled is none."""
    files = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def run(root: Path, *command: str) -> str:
    """Run a program of the test environment on a copy of the tree."""
    path = f"{root / 'services'}:{root / 'scripts'}"
    environment = os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    program = Path(sys.executable).with_name(command[0])
    done = subprocess.run(
        [program, *command[1:]], cwd=root, env=environment, capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree as it is; nobody changes it."""
    return copied(tmp_path_factory.mktemp("original") / "tree")


@pytest.fixture(scope="session")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree with two more services; nobody changes it."""
    root = copied(tmp_path_factory.mktemp("grown") / "tree")
    for name in ("payment", "gift-card"):
        tree = Tree(root)
        service.new(tree, name)
        tree.write()
    return root


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Path]:
    """The tree as it is, to be changed."""
    root = copied(tmp_path / "tree")
    yield root
    shutil.rmtree(root)
