"""wrk for the benchmark of the prober, from PATH or from Debian's packages; without it that comparison is left out."""

from __future__ import annotations

import shutil
from pathlib import Path

from toolchain import debian
from toolchain.errors import InstallError
from toolchain.progress import say

# wrk itself and the library that it is linked with; what else it needs, every Debian has.
PACKAGES = ("wrk", "libluajit-5.1-2")


def ensure(tools: Path) -> None:
    """Make `tools`/wrk/wrk a program that can be started, where it can be had; do nothing if PATH has wrk."""
    target = tools / "wrk"
    if (target / "wrk").is_file() or shutil.which("wrk"):
        return
    if not debian.available():
        say("no wrk on PATH: the prober is measured without it (macOS: brew install wrk)")
        return
    say("unpacking wrk from Debian's packages into .tools")
    try:
        for package in PACKAGES:
            debian.unpack(package, target / "debian", tools)
    except InstallError as error:
        say(f"{error}; the prober is measured without it")
        return
    _write_starter(target)


def _write_starter(target: Path) -> None:
    """Write a program that tells the loader where the library lies."""
    library = next((target / "debian" / "usr" / "lib").glob("*/libluajit-5.1.so.2")).parent
    starter = target / "wrk"
    starter.write_text(
        f'#!/bin/sh\nLD_LIBRARY_PATH="{library.absolute()}" exec "{target.absolute()}/debian/usr/bin/wrk" "$@"\n'
    )
    starter.chmod(0o755)
