"""Brings what the rules made into the style of the tree: lines that got longer or shorter are wrapped anew."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

from scaffold.errors import ScaffoldError

# Only what a longer or shorter name can change: where imports stand, and where lines break.
_STEPS = (("check", "--select", "I", "--fix"), ("format",))
_WIDTH = ("check", "--select", "E501", "--output-format", "concise")


def styled(files: Mapping[str, str], settings: str) -> dict[str, str]:
    """Return Python files as ruff writes them.

    Args:
        files: their texts, by path.
        settings: the text of pyproject.toml; what it calls root packages are the project's own.

    Raises:
        ScaffoldError: ruff is not there, refuses a file, or finds a line too long: the name is, then.
    """
    own = tomllib.loads(settings)["tool"]["importlinter"]["root_packages"]
    with tempfile.TemporaryDirectory(prefix="scaffold-") as name:
        folder = Path(name)
        for path, text in {**files, "pyproject.toml": settings}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        for step in _STEPS:
            if said := _ruff(folder, *step, "--config", f"lint.isort.known-first-party={json.dumps(own)}"):
                raise ScaffoldError(f"ruff refuses what was made: {said[-1]}")
        if wide := _ruff(folder, *_WIDTH):
            raise ScaffoldError(f"the name is too long for the lines of {wide[0].partition(':')[0]}")
        return {path: (folder / path).read_text(encoding="utf-8") for path in files}


def _ruff(folder: Path, *arguments: str) -> list[str]:
    """Run ruff and return what it complains of, nothing if all is well."""
    command = [str(Path(sys.executable).with_name("ruff")), *arguments, "--quiet", "--no-cache", "."]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except OSError as error:
        raise ScaffoldError("ruff is not installed: run this by `make new-service`") from error
    return (done.stdout + done.stderr).splitlines() if done.returncode else []
