"""The environment of bench.usual.app, below .tools like everything that is fetched."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench.load import LoadError

FOLDER = Path(".tools") / "usual"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
PYTHON = FOLDER / "bin" / "python"


def ensure() -> list[str]:
    """Make it hold exactly the pinned requirements, and return the command of its interpreter.

    Raises:
        LoadError: its packages cannot be installed; one line that says why.
    """
    if not PYTHON.exists():
        _uv("venv", "--python", sys.executable, str(FOLDER))
    _uv("pip", "sync", "--require-hashes", "--python", str(PYTHON), str(REQUIREMENTS))
    return [str(PYTHON.absolute())]


def _uv(*arguments: str) -> None:
    command = [sys.executable, "-m", "uv", "--quiet", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["no message"]
        raise LoadError(f"uv {arguments[0]} failed: {said[0].strip()}")
