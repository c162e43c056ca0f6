"""Finds out in advance whether Envoy can watch its files: it aborts, with a stack trace, when it cannot."""

from __future__ import annotations

import ctypes
import os
import sys


def obstacle(needed: int) -> str | None:
    """Return why this user cannot watch that many files at once, None if that is possible.

    Args:
        needed: number of files that Envoy watches; each takes an inotify instance.
    """
    if sys.platform != "linux":
        return None
    found = _available(needed)
    if found >= needed:
        return None
    return (
        f"Envoy watches {needed} files, and this user has {found} inotify instances left:"
        " stop another cluster, or run sysctl fs.inotify.max_user_instances=1024 as root"
    )


def _available(needed: int) -> int:
    """Open that many instances, and close them again."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptors: list[int] = []
    while len(descriptors) < needed and (descriptor := libc.inotify_init1(os.O_CLOEXEC)) >= 0:
        descriptors.append(descriptor)
    for descriptor in descriptors:
        os.close(descriptor)
    return len(descriptors)
