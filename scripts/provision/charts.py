"""Where a chart is taken from: its public repository, or a mirror or a folder of the company's own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from provision.errors import ProvisionError
from provision.versions import Pinned


@dataclass(frozen=True)
class Chart:
    """A chart of one version.

    Attributes:
        name: what it calls itself.
        version: its version.
        arguments: what tells helm where it is.
    """

    name: str
    version: str
    arguments: tuple[str, ...]


def find(name: str, pinned: Pinned, parameter: str, instead: str = "") -> Chart:
    """Return a chart.

    Args:
        name: what the chart calls itself.
        pinned: its public repository, and the version to take.
        parameter: what the user calls `instead`, for messages.
        instead: a folder, or the address of a mirror (https:// or oci://), in place of the public repository.

    Raises:
        ProvisionError: it is not there.
    """
    source = instead or pinned.source
    if source.startswith("oci://"):
        return Chart(name, pinned.version, (f"{source.rstrip('/')}/{name}", "--version", pinned.version))
    if "://" in source:
        return Chart(name, pinned.version, (name, "--repo", source, "--version", pinned.version))
    return _in_folder(name, pinned, Path(source).expanduser(), parameter)


def _in_folder(name: str, pinned: Pinned, folder: Path, parameter: str) -> Chart:
    archive = folder / f"{name}-{pinned.version}.tgz"
    if archive.is_file():
        return Chart(name, pinned.version, (str(archive),))
    for file in sorted(folder.rglob("Chart.yaml"), key=lambda file: len(file.parts)):
        about = yaml.safe_load(file.read_text())
        if about["name"] == name:
            return Chart(name, str(about["version"]), (str(file.parent),))
    raise ProvisionError(f"{parameter}={folder}: there is neither {archive.name} nor the unpacked chart {name} in it")
