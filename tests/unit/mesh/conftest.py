"""The laboratory as a fixture."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.unit.mesh.mesh_lab import Lab

from embedded.mesh.mesh import envoy_binary


@pytest_asyncio.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    """A mesh whose Envoy the test starts with `lab.start()`."""
    try:
        envoy_binary()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    laboratory = Lab(tmp_path / "envoy")
    yield laboratory
    await laboratory.stop()
    shutil.rmtree(tmp_path, ignore_errors=True)
