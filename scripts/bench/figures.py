"""One figure of a benchmark, and the file that keeps them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


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


def write(figures: Iterable[Figure], path: Path) -> None:
    """Write the figures as a JSON list, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(json.dumps([asdict(figure) for figure in figures], indent=2) + "\n")
    unfinished.replace(path)
