"""`python -m images` as users run it, with a docker program on the PATH that only writes down what it was asked for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
OURS = ("IMAGE_REGISTRY", "BASE_IMAGE", "PLATFORM", "DOCKER_BUILD_ARGS", "SOURCE_DATE_EPOCH", "BUILDX_")
FAKE = """#!{python}
import json, os, sys
words = sys.argv[1:]
variables = {{name: os.environ.get(name) for name in ("SOURCE_DATE_EPOCH", "BUILDX_NO_DEFAULT_ATTESTATIONS")}}
with open({asked!r}, "a") as file:
    file.write(json.dumps([words, os.getcwd(), variables]) + "\\n")
answers = json.load(open({answers!r}))
status, said = answers.get(" ".join(words[:2]), answers.get(words[0], [0, ""]))
print(said, file=sys.stderr)
sys.exit(status)
"""


@dataclass(frozen=True)
class Call:
    """One call of docker: its arguments, where it ran, and what it got from the environment."""

    arguments: list[str]
    folder: str
    variables: dict[str, str | None]

    def values(self, option: str) -> list[str]:
        """Return what followed an option, each time it was given."""
        return [value for name, value in zip(self.arguments, self.arguments[1:], strict=False) if name == option]


class FakeDocker:
    """Commands that succeed unless told otherwise."""

    def __init__(self, folder: Path) -> None:
        self._asked, self._answers = folder / "asked", folder / "answers.json"
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.program = self.bin / "docker"
        self.program.write_text(FAKE.format(python=sys.executable, asked=str(self._asked), answers=str(self._answers)))
        self.program.chmod(0o755)
        self.answer()

    def answer(self, **answers: tuple[int, str]) -> None:
        """Let commands end with a status and words: ``build=(1, "no")``, or ``**{"buildx build": ...}``."""
        self._answers.write_text(json.dumps(answers))

    @property
    def calls(self) -> list[Call]:
        lines = self._asked.read_text().splitlines() if self._asked.exists() else []
        return [Call(*json.loads(line)) for line in lines]

    def of(self, command: str) -> list[Call]:
        return [call for call in self.calls if call.arguments[0] == command]


@pytest.fixture
def docker(tmp_path: Path) -> FakeDocker:
    """The docker program of the test."""
    return FakeDocker(tmp_path)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a commit of its own, so that neither its state nor its reports are this one's."""
    folder = tmp_path / "checkout"
    for part in ("scripts/images", "services"):
        shutil.copytree(REPOSITORY / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / ".gitignore", folder)
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "first")
    return folder


def git(folder: Path, *arguments: str) -> str:
    """Run git as nobody in particular, at a fixed time."""
    who = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    when = {"GIT_COMMITTER_DATE": "2026-05-04T03:02:01+02:00", "GIT_CONFIG_GLOBAL": os.devnull}
    command = ["git", *who, *arguments]
    return subprocess.run(
        command, cwd=folder, env=os.environ | when, check=True, capture_output=True, text=True
    ).stdout.strip()


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def images(docker: FakeDocker, checkout: Path) -> Run:
    """Run `python -m images` in the checkout; keywords are variables of the environment."""

    def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        path = {"PATH": f"{docker.bin}:{os.environ['PATH']}", "PYTHONPATH": str(checkout / "scripts")}
        return subprocess.run(
            [sys.executable, "-m", "images", *arguments],
            cwd=checkout.parent,
            env=clean | path | environ,
            capture_output=True,
            text=True,
            check=False,
        )

    return run
