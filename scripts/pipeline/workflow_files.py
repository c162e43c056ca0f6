"""The workflows as they lie in the checkout, and the targets of the Makefile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import RefusedError

FOLDER = Path(".github") / "workflows"
_TARGETS = re.compile(r"^([a-z][a-z0-9 -]*):(?!=)", re.MULTILINE)


@dataclass(frozen=True)
class Workflow:
    """One workflow.

    Attributes:
        path: of its file.
        text: what stands in it, comments included.
        content: the same, read.
    """

    path: Path
    text: str
    content: dict[str, Any]

    @property
    def on(self) -> dict[str, Any]:
        """Return the events that start it, with their settings."""
        on = self.content.get("on")
        return dict.fromkeys([on] if isinstance(on, str) else on or ()) | (on if isinstance(on, dict) else {})

    @property
    def triggers(self) -> list[str]:
        """Return the events that start it."""
        return list(self.on)

    @property
    def jobs(self) -> dict[str, dict[str, Any]]:
        """Return its jobs by name."""
        return dict(self.content.get("jobs") or {})

    @property
    def commands(self) -> Iterator[tuple[str, str]]:
        """Yield job and command of every step that runs one."""
        for name, job in self.jobs.items():
            yield from ((name, str(step["run"]).strip()) for step in job.get("steps", ()) if "run" in step)


def load(folder: Path = FOLDER) -> list[Workflow]:
    """Return all workflows, in the order of their names.

    Raises:
        RefusedError: one cannot be read, or there is none.
    """
    files = sorted(path for path in folder.glob("*") if path.suffix in (".yaml", ".yml"))
    if not files:
        raise RefusedError(f"there is no workflow in {folder}")
    return [_read(path) for path in files]


def targets(makefile: Path = Path("Makefile")) -> frozenset[str]:
    """Return the targets that a Makefile has."""
    return frozenset(name for line in _TARGETS.findall(makefile.read_text()) for name in line.split())


def _read(path: Path) -> Workflow:
    text = path.read_text()
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RefusedError(f"{path} cannot be read: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise RefusedError(f"{path} is no workflow")
    # What YAML 1.1 reads as true is the key `on`.
    return Workflow(path, text, {"on" if key is True else key: value for key, value in content.items()})
