"""`python -m pipeline` as make calls it, in a checkout of its own, with programs on the PATH that only act."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
OURS = (
    "COSIGN_",
    "IMAGE",
    "SCAN_",
    "OSV_",
    "KUBECONFIG",
    "GITHUB_",
    "REGISTRY_",
    "ENVIRONMENT",
    "SERVICE",
    "STRATEGY",
    "NEEDS",
)
DIGEST = "sha256:" + "5eed" * 16
ORDER = f"registry.example.com/team/order:4f2a9c1d0b3e@{DIGEST}"
ACTOR = """#!{python}
import json, os, sys
with open({asked!r}, "a") as file:
    file.write(json.dumps([sys.argv[1:], dict(os.environ)]) + "\\n")
answer = json.load(open({answers!r}))
for path, text in answer.get("writes", {{}}).items():
    open(path, "w").write(text)
print(answer["said"], file=sys.stderr)
sys.exit(answer["status"])
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


class Actor:
    """A program that succeeds unless told otherwise, and remembers what it was asked for."""

    def __init__(self, folder: Path, name: str) -> None:
        self._asked, self._answers = folder / f"{name}.asked", folder / f"{name}.json"
        self.program = folder / name
        self.program.write_text(ACTOR.format(python=sys.executable, asked=str(self._asked), answers=str(self._answers)))
        self.program.chmod(0o755)
        self.answer()

    def answer(self, status: int = 0, said: str = "", **writes: str) -> None:
        self._answers.write_text(json.dumps({"status": status, "said": said, "writes": writes.get("writes", {})}))

    @property
    def calls(self) -> list[list[str]]:
        return [arguments for arguments, _environ in self._read()]

    @property
    def environ(self) -> dict[str, str]:
        """What the last call got from its environment."""
        return dict(self._read()[-1][1])

    def _read(self) -> list[tuple[list[str], dict[str, str]]]:
        lines = self._asked.read_text().splitlines() if self._asked.exists() else []
        return [tuple(json.loads(line)) for line in lines]


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """The folder that comes first on the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


@pytest.fixture
def actor(programs: Path) -> Callable[[str], Actor]:
    """Put a program on the PATH."""
    return lambda name: Actor(programs, name)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout in which a gate can be made to bite; the test runs in it."""
    folder = tmp_path / "checkout"
    for part in ("k8s", "istio", ".github"):
        shutil.copytree(REPOSITORY / part, folder / part)
    (folder / "scripts" / "pipeline").mkdir(parents=True)
    shutil.copy(REPOSITORY / "scripts" / "pipeline" / "accepted.yaml", folder / "scripts" / "pipeline")
    shutil.copy(REPOSITORY / "Makefile", folder)
    _forget_promotions(folder / "k8s" / "overlays" / "production")
    monkeypatch.chdir(folder)
    for name in [name for name in os.environ if name.startswith(OURS)]:
        monkeypatch.delenv(name)
    return folder


def _forget_promotions(overlay: Path) -> None:
    """Bring an overlay back to before its first promotion: a team's own has its own registry, tags and digests."""
    kustomization = overlay / "kustomization.yaml"
    text = re.sub(r"(newName: )\S+/", r"\1registry.example.com/team/", kustomization.read_text())
    text = re.sub(r"(newTag: ).+", r"\1v1", text)
    kustomization.write_text(re.sub(r"(digest: ).+", r"\1sha256:" + "0" * 64, text))
    for label in overlay.glob("version-*.yaml"):
        label.write_text(re.sub(r"( version: ).+", r"\1v1", label.read_text()))


@pytest.fixture
def pipeline(checkout: Path, programs: Path) -> Run:
    """Run `python -m pipeline` in the checkout; keywords are variables of the environment."""

    def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        source = {"PYTHONPATH": f"{REPOSITORY / 'services'}:{REPOSITORY / 'scripts'}"}
        return subprocess.run(
            [sys.executable, "-m", "pipeline", *arguments],
            cwd=checkout,
            env=clean | source | {"PATH": f"{programs}:/usr/bin:/bin"} | environ,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def git(folder: Path, *arguments: str) -> str:
    """Run git as nobody in particular."""
    who = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    environ = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(
        ["git", *who, *arguments], cwd=folder, env=environ, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def stopped(done: subprocess.CompletedProcess[str], status: int, *words: str) -> bool:
    """It stopped with this exit status and one line that has these words, and no traceback."""
    [line] = done.stderr.splitlines()
    assert done.returncode == status, done.stderr
    assert line.startswith("error: ")
    for word in words:
        assert word in line
    return True
