"""The image scan: syft lists what is in an image, grype looks it up, and severity.py decides."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from images.build import LOGS as ARCHIVES
from images.release import PLATFORMS
from pipeline import accepted, published, severity
from pipeline.errors import NotCheckedError
from pipeline.programs import ask, foreign, last_line

SBOMS = Path("reports") / "sbom"
REPORTS = Path("reports") / "scan"
HOW = "install it (brew install {0}; in CI anchore's action brings it)"


@dataclass(frozen=True)
class Target:
    """One image for one kind of machine.

    Attributes:
        name: what its files are called.
        source: as syft names it: an archive, or an image in a registry.
        platform: kind of machine; empty where the source holds one only.
    """

    name: str
    source: str
    platform: str = ""


def targets() -> list[Target]:
    """Return what there is to scan: what was published, else the archives of `make release-images`.

    Raises:
        NotCheckedError: there is neither.
    """
    found = list(_published()) or [
        Target(path.stem, f"docker-archive:{path}") for path in sorted(ARCHIVES.glob("*.tar"))
    ]
    if not found:
        raise NotCheckedError(f"there is no image to scan in {ARCHIVES}: `make release-images` first")
    return found


def findings(images: list[Target]) -> list[str]:
    """Return a line for each vulnerability that stops an image.

    Raises:
        NotCheckedError: an image cannot be scanned.
        RefusedError: the settings are wrong.
    """
    known, threshold = accepted.load(), os.environ.get("SCAN_THRESHOLD") or severity.THRESHOLD
    return [f"{image.name}: {line}" for image in images for line in severity.above(_report(image), known, threshold)]


def _published() -> Iterator[Target]:
    for service, reference in published.read().items():
        for platform in PLATFORMS:
            yield Target(f"{service}-{platform.replace('/', '-')}", f"registry:{reference}", platform)


def _report(image: Target) -> object:
    syft, grype = (foreign(name, HOW.format(name)) for name in ("syft", "grype"))
    sbom, report = SBOMS / f"image-{image.name}.cdx.json", REPORTS / f"{image.name}.json"
    for path in (sbom, report):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
    platform = ["--platform", image.platform] if image.platform else []
    _must([syft, "scan", image.source, *platform, "--quiet", "--output", f"cyclonedx-json={sbom}"], image)
    _must([grype, f"sbom:{sbom}", "--quiet", "--output", "json", "--file", str(report)], image)
    try:
        return json.loads(report.read_text())
    except (OSError, ValueError):
        raise NotCheckedError(f"{image.name} was not scanned: grype wrote no report") from None


def _must(command: list[str], image: Target) -> None:
    done = ask(command)
    if done.returncode:
        raise NotCheckedError(
            f"{image.name} was not scanned, which is no pass: {Path(command[0]).name}: {last_line(done)}"
        )
