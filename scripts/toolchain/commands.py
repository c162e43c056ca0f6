"""The platform's own commands on the path of the virtual environment: `.venv/bin/deliver`."""

from __future__ import annotations

import shlex
from pathlib import Path

# What people type, and the package that it runs. The rest is for `make` alone.
COMMANDS = {"deliver": "delivery"}
SOURCES = ("services", "scripts")


def ensure(venv: Path, root: Path) -> None:
    """Write the commands into the environment, so that they can be called from any folder.

    Args:
        venv: folder of the environment.
        root: the checkout that they run.
    """
    (venv / "bin").mkdir(parents=True, exist_ok=True)
    path = ":".join(str(root / source) for source in SOURCES)
    for command, package in COMMANDS.items():
        program, python = venv / "bin" / command, venv / "bin" / "python"
        run = f'PYTHONPATH={shlex.quote(path)} exec {shlex.quote(str(python))} -m {package} "$@"'
        text = f"#!/bin/sh\n# Written by scripts/toolchain.\n{run}\n"
        if not program.is_file() or program.read_text() != text:
            program.write_text(text)
        program.chmod(0o755)
