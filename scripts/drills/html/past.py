"""The runs before, as `history.jsonl` has them: one line each; a line that makes no sense is passed over."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drills.html.words import SYMBOLS

HISTORY = "history.jsonl"
# The index lists so many; the file has all that are kept.
MOST_SHOWN = 100

Which = tuple[str, str, str, str]


@dataclass(frozen=True)
class Ran:
    """One run: which drill it was, when it began, and its figures."""

    which: Which
    started_at: str
    figures: dict[str, Any]

    @property
    def name(self) -> str:
        """Return the name that reports use."""
        return f"{self.which[0]}-{self.which[1]}"

    @property
    def cluster(self) -> str:
        """Return the cluster."""
        return self.which[3]


def which(report: Mapping[str, Any]) -> Which:
    """Return what makes two runs comparable: drill, twin, service and cluster."""
    return report["drill"], report["twin"], report["service"], report["cluster"]


def read(folder: Path) -> list[Ran]:
    """Return the runs that are known, oldest first."""
    path = folder / HISTORY
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
    return sorted(_parsed(lines), key=lambda ran: ran.started_at)


def latest(ran: Sequence[Ran]) -> list[Ran]:
    """Return the last run of each drill on each cluster."""
    return sorted({one.which: one for one in ran}.values(), key=lambda one: (one.cluster, one.name))


def _parsed(lines: Sequence[str]) -> Iterator[Ran]:
    for line in lines:
        try:
            entry = json.loads(line)
            figures = entry["figures"]
            ran = Ran(which(entry), figures["started_at"], figures)
            sense = figures["verdict"] in SYMBOLS and "requests" in figures and "outcome" in figures
        except (ValueError, KeyError, TypeError):
            continue
        if sense:
            yield ran
