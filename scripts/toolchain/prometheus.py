"""Prometheus: from PATH, else from Debian's package, else the project's own release, checked against its checksum."""

from __future__ import annotations

import hashlib
import io
import os
import platform
import shutil
import ssl
import tarfile
import urllib.error
import urllib.request
from pathlib import Path

from toolchain import debian
from toolchain.errors import InstallError
from toolchain.progress import say

VERSION = "3.5.0"
RELEASES = "https://github.com/prometheus/prometheus/releases/download"
PROGRAMS = ("prometheus", "promtool")
MACHINES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
TIMEOUT_S = 60.0
HOW = "put prometheus and promtool on PATH (macOS: brew install prometheus; Debian: apt-get install prometheus)"


def ensure(tools: Path) -> None:
    """Make `tools`/prometheus/bin hold prometheus and promtool, unless PATH has them; do nothing if it does.

    Raises:
        InstallError: nowhere to be had; says how to get it.
    """
    target = tools / "prometheus"
    if all((target / "bin" / program).is_file() or shutil.which(program) for program in PROGRAMS):
        return
    if debian.available():
        say("unpacking Prometheus from Debian's package into .tools")
        debian.unpack("prometheus", target / "debian", tools)
        _link(target / "debian" / "usr" / "bin", target / "bin")
        return
    download(target, f"{RELEASES}/v{VERSION}", archive_name())


def archive_name() -> str:
    """Return the name of the release archive for this machine.

    Raises:
        InstallError: there is no release for it.
    """
    machine = MACHINES.get(platform.machine())
    if not machine:
        raise InstallError(f"there is no Prometheus release for {platform.machine()}: {HOW}")
    return f"prometheus-{VERSION}.{platform.system().lower()}-{machine}.tar.gz"


def download(target: Path, release: str, archive: str) -> None:
    """Fetch a release archive, check it against the release's own list of checksums, and unpack the two programs.

    Args:
        target: folder that receives bin/prometheus and bin/promtool.
        release: address of the folder of the release.
        archive: name of the archive in it.

    Raises:
        InstallError: it cannot be fetched, or it is not what the list says.
    """
    say(f"downloading {archive} into .tools")
    sums = _fetch(f"{release}/sha256sums.txt").decode()
    wanted = next((line.split()[0] for line in sums.splitlines() if line.split()[1:] == [archive]), None)
    body = _fetch(f"{release}/{archive}")
    if hashlib.sha256(body).hexdigest() != wanted:
        raise InstallError(f"{archive} does not have the checksum of its release, so it was not unpacked: {HOW}")
    _extract(body, target / "bin")


def _extract(archive: bytes, folder: Path) -> None:
    """Write the two programs, and nothing else, out of the archive."""
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar.getmembers():
            name, content = Path(member.name).name, tar.extractfile(member)
            if name in PROGRAMS and content:
                (folder / name).write_bytes(content.read())
                (folder / name).chmod(0o755)


def _fetch(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S, context=ssl.create_default_context()) as answer:  # noqa: S310
            return bytes(answer.read())
    except (urllib.error.URLError, TimeoutError) as error:
        raise InstallError(f"{url} cannot be fetched ({getattr(error, 'reason', error)}): {HOW}") from None


def _link(source: Path, target: Path) -> None:
    """Point `target`'s programs at `source`'s, relative, so that the checkout can be moved."""
    target.mkdir(parents=True, exist_ok=True)
    for program in PROGRAMS:
        link = target / program
        link.unlink(missing_ok=True)
        link.symlink_to(os.path.relpath(source / program, target))
