"""A copy of services/ that may be edited, with a catalogue of images that run from it: nobody's own files change."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

SERVICES = Path(__file__).resolve().parents[2] / "services"


@contextmanager
def copied() -> Iterator[Path]:
    """Yield the copy; it is deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="proving-ground-") as folder:
        # Resolved, since on a Mac the temporary folder is a link.
        yield copy(Path(folder).resolve() / "services")


def copy(target: Path) -> Path:
    """Copy services/ to a folder that is not there yet, and return it."""
    shutil.copytree(SERVICES, target, ignore=shutil.ignore_patterns("__pycache__"))
    catalogue = target / "images.yaml"
    content = yaml.safe_load(catalogue.read_text())
    for service in content["services"].values():
        # The others, such as the release command's, are not in this folder.
        if service["context"] == SERVICES.name:
            service["source"] = str(target)
    catalogue.write_text(yaml.safe_dump(content, sort_keys=False))
    return target
