"""The virtual environment: made once, made anew when the requirements or the Python change."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from toolchain import debian
from toolchain.errors import InstallError
from toolchain.progress import run_counted

STAMP = "proving-ground.stamp"


def ensure(venv: Path, requirements: Sequence[Path], work: Path) -> None:
    """Make the virtual environment hold exactly the pinned requirements; do nothing if it does.

    Args:
        venv: folder of the environment.
        requirements: hashed requirement files.
        work: folder for downloads and logs.

    Raises:
        InstallError: with one line on what is missing.
    """
    wanted, installed = _fingerprint(venv, requirements), _read(venv / STAMP)
    if wanted.items() <= installed.items():
        return
    if installed.get("python") != wanted["python"]:
        _create(venv, work)
        installed = {}
    # Until the stamp is written again an interrupted installation counts as none.
    (venv / STAMP).unlink(missing_ok=True)
    _pip_install(venv, requirements, work)
    (venv / STAMP).write_text(json.dumps(installed | wanted, indent=1))


def _fingerprint(venv: Path, requirements: Sequence[Path]) -> dict[str, str]:
    """Return what identifies an installation: the interpreter and the place, and each requirement file by content."""
    python = f"{sys.version_info.major}.{sys.version_info.minor} from {sys.base_prefix} in {venv}"
    return {"python": python} | {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in requirements}


def _read(stamp: Path) -> dict[str, str]:
    return dict(json.loads(stamp.read_text())) if stamp.is_file() else {}


def _create(venv: Path, work: Path) -> None:
    shutil.rmtree(venv, ignore_errors=True)
    has_pip = importlib.util.find_spec("ensurepip") is not None
    command = [sys.executable, "-m", "venv", *([] if has_pip else ["--without-pip"]), str(venv)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(venv, ignore_errors=True)
        raise InstallError(f"{' '.join(command)} failed: {_last_line(done.stdout + done.stderr)}")
    if not has_pip:
        _borrow_pip(venv, work)


def _borrow_pip(venv: Path, work: Path) -> None:
    """Install pip from Debian's own wheel: Debian's python3 comes without ensurepip."""
    if not debian.available():
        raise InstallError("this python3 has no ensurepip: install the package that brings it (python3-venv)")
    debian.unpack("python3-pip-whl", work / "pip", work)
    wheel = next((work / "pip").glob("usr/share/python-wheels/pip-*.whl"))
    command = [str(venv / "bin" / "python"), f"{wheel}/pip", "install", "--quiet", "--no-index", str(wheel)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InstallError(f"pip cannot be installed into {venv}: {_last_line(done.stderr)}")


def _pip_install(venv: Path, requirements: Sequence[Path], work: Path) -> None:
    files = [part for file in requirements for part in ("-r", str(file))]
    pip = [str(venv / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    log = work / "pip.log"
    status = run_counted(
        [*pip, "install", "--require-hashes", "--only-binary", ":all:", "--progress-bar", "off", *files],
        "installing Python packages into .venv",
        lambda line: line.startswith("Collecting "),
        log,
    )
    if status:
        error = next((line for line in log.read_text().splitlines() if line.startswith("ERROR")), f"see {log}")
        raise InstallError(f"the Python packages cannot be installed: {error} (whole output: {log})")


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no message"])[-1]
