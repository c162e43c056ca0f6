"""What is generated, and whether the files in the checkout are what would be generated now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cluster.settings import REPOSITORY
from monitoring import dashboards, slo

# Given the root of a checkout, each returns the text of every file that it owns, by path below that root.
Generator = Callable[[Path], Mapping[str, str]]
GENERATORS: tuple[Generator, ...] = (slo.generate, dashboards.generate)


def generated(root: Path = REPOSITORY, generators: Sequence[Generator] = GENERATORS) -> dict[str, str]:
    """Return the text of every generated file, by path below the root.

    Raises:
        DeliveryError: something is wrong with the objectives.
        MonitoringError: something else cannot be generated.
    """
    return {path: text for generate in generators for path, text in generate(root).items()}


def write(root: Path = REPOSITORY, generators: Sequence[Generator] = GENERATORS) -> list[str]:
    """Write the generated files that are not what they should be, and return their paths."""
    wanted = generated(root, generators)
    changed = _stale(root, wanted)
    for path in changed:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(wanted[path])
    return changed


def stale(root: Path = REPOSITORY, generators: Sequence[Generator] = GENERATORS) -> list[str]:
    """Return the paths of the generated files that are missing, or are not what would be generated now."""
    return _stale(root, generated(root, generators))


def _stale(root: Path, wanted: Mapping[str, str]) -> list[str]:
    return [path for path, text in wanted.items() if not _is(root / path, text)]


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text() == text
