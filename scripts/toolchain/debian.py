"""Takes programs out of Debian packages without installing them: no root, no service started, nothing outside."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from toolchain.errors import InstallError

PRIVATE_ROOT_OPTIONS = ("-o", "APT::Sandbox::User=root") if os.geteuid() == 0 else ()


def available() -> bool:
    """Tell whether this machine can fetch and unpack Debian packages."""
    return bool(shutil.which("apt-get") and shutil.which("dpkg"))


def unpack(package: str, target: Path, work: Path) -> None:
    """Fetch a package of the machine's own release and unpack its files below a folder.

    Args:
        package: name of the Debian package.
        target: folder that receives the package's tree.
        work: folder for the download and, where the machine has none, for apt's package lists.

    Raises:
        InstallError: the package cannot be fetched or unpacked.
    """
    downloads = work / "downloads"
    shutil.rmtree(downloads, ignore_errors=True)
    downloads.mkdir(parents=True)
    if not _download(package, downloads, ()):
        # A fresh machine or container has no package lists, and making them needs root: keep a set of our own.
        lists = _private_lists(work)
        if not _download(package, downloads, lists):
            raise InstallError(f"the Debian package {package} cannot be fetched; as root: apt-get install {package}")
    target.mkdir(parents=True, exist_ok=True)
    archive = next(downloads.glob("*.deb"))
    if subprocess.run(["dpkg", "-x", archive, target], check=False).returncode:
        raise InstallError(f"{archive.name} cannot be unpacked into {target}: is the disk full?")
    shutil.rmtree(downloads)


def _download(package: str, folder: Path, options: tuple[str, ...]) -> bool:
    command = ["apt-get", "-qq", *PRIVATE_ROOT_OPTIONS, *options, "download", package]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    return done.returncode == 0 and any(folder.glob("*.deb"))


def _private_lists(work: Path) -> tuple[str, ...]:
    lists, cache = work / "apt" / "lists", work / "apt" / "cache"
    for folder in (lists, cache):
        (folder / "partial").mkdir(parents=True, exist_ok=True)
    options = ("-o", f"Dir::State::lists={lists}", "-o", f"Dir::Cache={cache}")
    subprocess.run(["apt-get", "-qq", *PRIVATE_ROOT_OPTIONS, *options, "update"], capture_output=True, check=False)
    return options
