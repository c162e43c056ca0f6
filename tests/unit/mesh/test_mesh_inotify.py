"""A user without inotifies left learns it in one line instead of a stack trace of Envoy."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.unit.mesh.mesh_lab import Lab

from embedded.mesh import inotify


@pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
def test_the_limit_is_found() -> None:
    limit = int(Path("/proc/sys/fs/inotify/max_user_instances").read_text())
    assert inotify.obstacle(0) is None
    why = inotify.obstacle(limit + 1)
    assert why is not None
    assert "sysctl fs.inotify.max_user_instances" in why


async def test_the_mesh_refuses_to_start_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inotify, "_available", lambda _needed: 3)
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(OSError, match="3 inotify instances left"):
        Lab(tmp_path / "envoy").mesh.prepare()
