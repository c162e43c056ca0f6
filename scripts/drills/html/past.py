"""The runs before, as `history.jsonl` has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drills import history
from drills.history import HISTORY

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
    """Return the runs that are known, oldest first; a line that makes no sense is passed over."""
    known = (Ran(which(run), run["figures"]["started_at"], run["figures"]) for run in history.runs(folder / HISTORY))
    return sorted(known, key=lambda ran: ran.started_at)


def latest(ran: Sequence[Ran]) -> list[Ran]:
    """Return the last run of each drill on each cluster."""
    return sorted({one.which: one for one in ran}.values(), key=lambda one: (one.cluster, one.name))
