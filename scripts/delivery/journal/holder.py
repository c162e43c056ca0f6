"""Who carries a release out: a name that says where a process runs, so that its end can be seen from beside it."""

from __future__ import annotations

import getpass
import hashlib
import os
import secrets
import socket
import uuid
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_STATE, _START = 0, 19


def identify() -> str:
    """Return a name for this process that no other ever has: ``<user>@<host>/<pid>/<place>-<start>-<random>``.

    In a pod the host's name is the pod's.
    """
    token = f"{_place()}-{_started(os.getpid())}-{secrets.token_hex(3)}"
    return f"{_user()}@{socket.gethostname()}/{os.getpid()}/{token}"


def short(identity: str) -> str:
    """Return the part of a name that a person needs."""
    return identity.rpartition("/")[0] or identity


def is_gone(identity: str) -> bool:
    """Tell whether the process of that name has surely ended; what runs elsewhere, nobody knows from here."""
    try:
        _who, pid, token = identity.rsplit("/", 2)
        place, start, _random = token.split("-")
        return place == _place() and _started(int(pid)) != start
    except ValueError:
        return False


def _place() -> str:
    """Return what all processes share that see each other's numbers: a boot of a machine, and a namespace in it."""
    try:
        where = _BOOT.read_text() + str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        where = f"{uuid.getnode()}"
    return hashlib.sha256(f"{where} {socket.gethostname()}".encode()).hexdigest()[:8]


def _started(pid: int) -> str:
    """Return when a process began, in the system's own count; empty where there is none, or only its remains."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return _exists(pid)
    return "" if fields[_STATE] in "ZX" else fields[_START]


def _exists(pid: int) -> str:
    """Tell the same where there is no /proc, as on macOS."""
    if Path("/proc/self/stat").exists():
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "0"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user that has a number only, as in many containers
        return str(os.getuid())
