"""Logs: one file for each start of a container, both outputs in one, bounded in size."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

# Kubernetes' own bound (containerLogMaxSize); of a file that grows beyond it the newest part is kept.
MAX_SIZE = 10 * 1024 * 1024
KEPT = MAX_SIZE // 4
# Kubernetes keeps the log of the running container and of the one before.
_KEPT_STARTS = 2


class Logs:
    """Where the containers' logs are; the API server reads them through `path`.

    Args:
        folder: the root of all logs.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, namespace: str, pod: str, container: str, previous: bool = False) -> Path:
        """Return the log of the latest start of a container, or of the one before.

        Raises:
            FileNotFoundError: there is none.
        """
        files = self._files(namespace, pod, container)
        if len(files) < 1 + previous:
            which = "previous terminated " if previous else ""
            raise FileNotFoundError(f'{which}container "{container}" in pod "{pod}" not found')
        return files[-1 - previous]

    def new(self, namespace: str, pod: str, container: str, start: int) -> Path:
        """Return the file for one more start of a container; older ones than the previous are deleted."""
        folder = self._folder / namespace / pod / container
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{start}.log"
        file.touch()
        for old in self._files(namespace, pod, container)[:-_KEPT_STARTS]:
            old.unlink()
        return file

    def _files(self, namespace: str, pod: str, container: str) -> list[Path]:
        folder = self._folder / namespace / pod / container
        return sorted(folder.glob("*.log"), key=lambda file: int(file.stem))

    def remove(self, namespace: str, pod: str) -> None:
        """Delete the logs of a pod."""
        shutil.rmtree(self._folder / namespace / pod, ignore_errors=True)

    def bound(self) -> None:
        """Shorten every log that has grown too large.

        The writer appends to the open file, so it is shortened in place; lines written meanwhile may be lost.
        """
        for file in self._folder.glob("*/*/*/*.log"):
            if file.stat().st_size > MAX_SIZE:
                _keep_end(file)


def _keep_end(file: Path) -> None:
    with file.open("r+b") as content:
        content.seek(-KEPT, os.SEEK_END)
        content.readline()
        newest = content.read()
        content.seek(0)
        content.truncate()
        content.write(newest)


def end_of(file: Path, lines: int = 80, size: int = 2048) -> str:
    """Return the last lines of a log, as many as Kubernetes takes for a termination message."""
    with file.open("rb") as content:
        content.seek(0, os.SEEK_END)
        content.seek(-min(size, content.tell()), os.SEEK_END)
        return "\n".join(content.read().decode(errors="replace").splitlines()[-lines:])
