"""Where the source of an image comes from, as Git knows it; without Git, nothing is made up."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from images.catalogue import REPOSITORY


@dataclass(frozen=True)
class Origin:
    """What the source was when an image was built.

    Attributes:
        revision: commit, with ``-dirty`` behind it if the tree differs from it; None if unknown.
        created: when the commit was made (RFC 3339), so that the same source gives the same label; None if unknown.
        epoch: the same in seconds since 1970.
        source: address of the repository, None if Git knows none that a label may carry.
    """

    revision: str | None = None
    created: str | None = None
    epoch: str | None = None
    source: str | None = None

    @property
    def labels(self) -> dict[str, str]:
        """Return what is known under its OCI names."""
        known = {"revision": self.revision, "created": self.created, "source": self.source}
        return {f"org.opencontainers.image.{name}": value for name, value in known.items() if value}


def read(repository: Path = REPOSITORY) -> Origin:
    """Return the origin of a checkout."""
    commit = _git(repository, "log", "-1", "--format=%H %cI %ct")
    if not commit:
        return Origin()
    revision, created, epoch = commit.split()
    dirty = "-dirty" if _git(repository, "status", "--porcelain") else ""
    return Origin(revision + dirty, created, epoch, _address(_git(repository, "remote", "get-url", "origin") or ""))


def _address(remote: str) -> str | None:
    """Leave out what is no address, such as a folder, and who it was fetched as, which may be a password."""
    parts = urlsplit(remote)
    if parts.scheme not in ("http", "https", "ssh") or not parts.hostname:
        return None
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _git(repository: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=repository, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
