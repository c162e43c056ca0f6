"""What we are made of: a CycloneDX list for each requirement file, of what is pinned there, hashes included."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import NotCheckedError
from pipeline.programs import ask, last_line, own

FILES = [Path(part) / "requirements.txt" for part in ("services", "scripts/delivery", "scripts")]
FOLDER = Path("reports") / "sbom"


def write(files: list[Path] | None = None) -> list[Path]:
    """Write the lists and return their paths.

    Raises:
        NotCheckedError: one cannot be made.
    """
    return [_write(file) for file in files or FILES]


def _write(file: Path) -> Path:
    path = FOLDER / f"{'-'.join(file.parent.parts)}.cdx.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    how = ["--output-format", "JSON", "--output-reproducible", "--output-file", str(path)]
    done = ask([own("cyclonedx-py"), "requirements", *how, str(file)])
    if done.returncode:
        raise NotCheckedError(f"no bill of materials of {file}: {last_line(done)}")
    return path
