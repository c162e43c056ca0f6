"""Alertmanager for the tests, from PATH or from Debian's package; without it those tests are skipped and say so."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from toolchain import debian
from toolchain.errors import InstallError
from toolchain.progress import say

PACKAGE = "prometheus-alertmanager"
# What the project calls each program, and what Debian calls it.
PROGRAMS = {"alertmanager": "prometheus-alertmanager", "amtool": "amtool"}


def ensure(tools: Path) -> None:
    """Make `tools`/alertmanager/bin hold alertmanager and amtool where they can be had; do nothing if PATH has them.

    Only tests need them, so nothing fails without.
    """
    target = tools / "alertmanager"
    if all((target / "bin" / program).is_file() or shutil.which(program) for program in PROGRAMS):
        return
    if not debian.available():
        say("no Alertmanager on PATH: its tests will be skipped (macOS: brew install alertmanager)")
        return
    say("unpacking Alertmanager from Debian's package into .tools")
    try:
        debian.unpack(PACKAGE, target / "debian", tools)
    except InstallError as error:
        say(f"{error}; its tests will be skipped")
        return
    _link(target / "debian" / "usr" / "bin", target / "bin")


def _link(source: Path, target: Path) -> None:
    """Point `target`'s programs at Debian's, relative, so that the checkout can be moved."""
    target.mkdir(parents=True, exist_ok=True)
    for program, debians in PROGRAMS.items():
        link = target / program
        link.unlink(missing_ok=True)
        link.symlink_to(os.path.relpath(source / debians, target))
