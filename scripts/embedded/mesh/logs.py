"""Keeps Envoy's access log from growing without end: Envoy itself never starts a new file."""

from __future__ import annotations

from pathlib import Path

from embedded.mesh.admin import Admin

# Some hours of a drill's traffic; the file before it is kept as well.
LIMIT = 64 * 1024 * 1024


async def rotate(log: Path, admin: Admin, limit: int = LIMIT) -> None:
    """Begin a new access log if the present one is too long."""
    if _put_aside(log, limit):
        await admin.reopen_logs()


def _put_aside(log: Path, limit: int) -> bool:
    if not log.exists() or log.stat().st_size <= limit:
        return False
    log.replace(log.with_name(log.name + ".1"))
    return True
