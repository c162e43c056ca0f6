"""Alertmanager for the tests, from PATH or from Debian's package; without it those tests are skipped and say so."""

from __future__ import annotations

import shutil
from pathlib import Path

from toolchain import debian
from toolchain.errors import InstallError
from toolchain.progress import say

PACKAGE = "prometheus-alertmanager"
# What the project calls each program, and what Debian calls it.
PROGRAMS = {"alertmanager": "prometheus-alertmanager", "amtool": "amtool"}
# Debian's build refuses to start without a file in this folder, which only an installed package has. The other name is
# as long, and is found where the program is started in the unpacked package.
SHARED = b"/usr/share/prometheus/alertmanager"
OWN_SHARED = b"usr/share/prometheus//alertmanager"


def ensure(tools: Path) -> None:
    """Make `tools`/alertmanager/bin hold alertmanager and amtool where they can be had; do nothing if PATH has them.

    Only tests need them, so nothing fails without. Alertmanager has to be started in `tools`/alertmanager/debian.
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
    _copy(target / "debian", target / "bin")


def _copy(root: Path, target: Path) -> None:
    """Put the programs under their own names, as copies that look for their files where they are started."""
    target.mkdir(parents=True, exist_ok=True)
    for program, debians in PROGRAMS.items():
        path = target / program
        path.write_bytes((root / "usr" / "bin" / debians).read_bytes().replace(SHARED, OWN_SHARED))
        path.chmod(0o755)
