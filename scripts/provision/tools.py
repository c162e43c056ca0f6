"""The programs that set-up calls: whether they are there, new enough, and how to get them."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from provision.errors import ProvisionError
from provision.programs import run
from provision.versions import load, numbers

# A program that does not even tell its version within this time hangs.
VERSION_SECONDS = 20.0


@dataclass(frozen=True)
class Tool:
    """A program on this machine.

    Attributes:
        version: arguments that make it tell its version.
        debian: how to get it on Debian and alike.
        macos: how to get it on a Mac.
    """

    version: tuple[str, ...]
    debian: str
    macos: str


# `{}` is the version that is asked for.
TOOLS = {
    "docker": Tool(("--version",), "apt-get install docker.io", "brew install --cask docker"),
    "kind": Tool(("version",), "go install sigs.k8s.io/kind@v{}", "brew install kind"),
    "kubectl": Tool(("version", "--client"), "snap install kubectl --classic", "brew install kubectl"),
    "helm": Tool(("version", "--short"), "snap install helm --classic", "brew install helm"),
}


def problems(names: Iterable[str]) -> Iterator[str]:
    """Yield one line for every program that is missing or too old."""
    for name in names:
        needed = load().tools[name]
        how = _how(TOOLS[name]).format(needed)
        if not shutil.which(name):
            yield f"{name} is missing, {needed} or newer is needed: {how}"
            continue
        try:
            said = run([name, *TOOLS[name].version], timeout=VERSION_SECONDS)
        except ProvisionError as error:
            yield f"{name} does not tell its version: {error}"
            continue
        if numbers(said) < numbers(needed):
            found = ".".join(map(str, numbers(said))) or "of an unknown version"
            yield f"{name} is {found}, {needed} or newer is needed: {how}"


def on_mac() -> bool:
    """Tell whether this machine is a Mac."""
    return platform.system() == "Darwin"


def _how(tool: Tool) -> str:
    return tool.macos if on_mac() else tool.debian
