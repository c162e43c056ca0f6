"""What a part of the benchmarks found: its figures, whether its targets are reached, and the file that keeps both."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Figure:
    """A measured value.

    Attributes:
        name: what was measured, in words that can be a key: ``service_throughput_ratio_100``.
        value: the figure.
        unit: its unit; ``ratio`` for a ratio.
        remark: what a reader must know to judge it.
    """

    name: str
    value: float
    unit: str
    remark: str = ""


@dataclass(frozen=True)
class Target:
    """What a figure was meant to reach, and whether it did; a target that is missed is told and fails nothing.

    Attributes:
        what: the target in one sentence.
        reached: whether it is kept.
        found: what was found instead, or with how much to spare.
    """

    what: str
    reached: bool
    found: str


@dataclass(frozen=True)
class Grid:
    """Figures that are best read side by side.

    Attributes:
        title: what they are.
        columns: the heading of each column.
        rows: as many cells as there are columns; the first one says what the row is about.
    """

    title: str
    columns: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Result:
    """All that one part found.

    Attributes:
        figures: for its table.
        targets: what was meant to be reached.
        grids: tables beside that.
        detail: everything behind the figures that can be written as JSON.
    """

    figures: list[Figure]
    targets: list[Target] = field(default_factory=list)
    grids: list[Grid] = field(default_factory=list)
    detail: dict[str, Any] = field(default_factory=dict)


def write(part: str, result: Result, path: Path) -> None:
    """Write what a part found as JSON, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(json.dumps({"part": part, **asdict(result)}, indent=2) + "\n")
    unfinished.replace(path)
