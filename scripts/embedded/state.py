"""The state folder: where everything of one cluster lies, and the lock that lets one supervisor at a time use it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
IMAGES = REPOSITORY / "services" / "images.yaml"
DEFAULT_FOLDER = REPOSITORY / ".embedded"


class ClusterError(Exception):
    """Something that stops the cluster and that the user can put right: one line that says what and how."""


class State:
    """Paths below the state folder, and what the cluster remembers from one start to the next.

    Args:
        folder: the state folder; it need not exist yet.
    """

    def __init__(self, folder: Path = DEFAULT_FOLDER) -> None:
        self.folder = folder.expanduser().absolute()
        self.database = self.folder / "cluster.db"
        self.kubeconfig = self.folder / "kubeconfig"
        self.log = self.folder / "supervisor.log"
        self.lock = self.folder / "supervisor.lock"
        self.status = self.folder / "status.json"
        self.processes = self.folder / "processes"
        self.pods = self.folder / "pods"
        self.logs = self.folder / "logs"
        self.volumes = self.folder / "volumes"
        self.tls = self.folder / "tls"
        self._settings = self.folder / "settings.json"

    def prepare(self) -> None:
        """Create the folder, readable by its owner only: it holds keys, and whoever can write here can start processes.

        Raises:
            ClusterError: the folder cannot be created or belongs to somebody else.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.chmod(0o700)
        except OSError as error:
            raise ClusterError(
                f"cannot use the state folder {self.folder}: {error.strerror}; choose another with --state"
            ) from error

    def remembered(self, name: str) -> Any:
        """Return what an earlier start remembered under a name, or None."""
        return self._read().get(name)

    def remember(self, name: str, value: Any) -> None:
        """Keep a value for later starts."""
        content = json.dumps(self._read() | {name: value}, indent=2, sort_keys=True)
        draft = self._settings.with_suffix(".tmp")
        draft.write_text(content + "\n")
        draft.replace(self._settings)

    def _read(self) -> dict[str, Any]:
        try:
            content = json.loads(self._settings.read_text())
        except FileNotFoundError:
            return {}
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise ClusterError(f"{self._settings} is damaged: delete the state with `python -m embedded reset`")
        return content

    def delete(self) -> None:
        """Delete the folder with everything in it.

        Raises:
            ClusterError: it does not look like a state folder.
        """
        if not self.folder.exists():
            return
        if not self.lock.exists():
            raise ClusterError(f"{self.folder} is not the state of an embedded cluster: nothing deleted")
        shutil.rmtree(self.folder)


class Lock:
    """A lock on the state folder that the kernel releases when its holders are gone, however they ended."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.descriptor = -1

    def acquire(self) -> bool:
        """Take the lock; returns False if another process holds it."""
        self.descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            return False
        return True

    def sign(self, holder: str) -> None:
        """Write down who holds the lock."""
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, holder.encode(), 0)

    def holder(self) -> str | None:
        """Return what the holder of the lock has written down; None if nobody holds it."""
        if not self._path.exists():
            return None
        if self.acquire():
            self.release()
            return None
        return self._path.read_text()

    def release(self) -> None:
        """Let go of the lock."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1
