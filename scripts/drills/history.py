"""The figures of earlier drills, kept although each new run removes the report of the one before."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from drills.latency import PERCENTILES
from drills.report import replace
from drills.schema import fits
from drills.verdict import ERROR

HISTORY = "history.jsonl"
# The file is cut back to so many runs when it has grown to twice as many: some 300 kB.
RUNS = 500
_SAME = ("drill", "twin", "service", "cluster")
_FIGURES = ("started_at", "verdict", "outcome", "time_to_detect_s", "time_to_roll_back_s", "latency")


def previous(drill: Mapping[str, Any], folder: Path) -> dict[str, Any] | None:
    """Return the figures of the last run of the same drill, as the report's schema describes them, if there is one.

    Args:
        drill: says which: drill, twin, service and cluster.
        folder: where the reports are.
    """
    wanted = [drill[key] for key in _SAME]
    same = [run["figures"] for run in runs(folder / HISTORY) if [run.get(key) for key in _SAME] == wanted]
    return same[-1] if same else None


def remember(report: Mapping[str, Any], latency: Mapping[str, float], folder: Path) -> None:
    """Write down the figures of a run, unless it could not be carried out: those say nothing about the release.

    Args:
        report: the report of the run.
        latency: percentiles of all answers; empty without any.
        folder: where the reports are.
    """
    if report["verdict"] == ERROR:
        return
    path = folder / HISTORY
    path.parent.mkdir(parents=True, exist_ok=True)
    line = {key: report[key] for key in _SAME} | {"figures": _figures(report, latency)}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    _cut(path)


def _figures(report: Mapping[str, Any], latency: Mapping[str, float]) -> dict[str, Any]:
    return {
        **{key: report[key] for key in _FIGURES},
        "requests": report["requests"]["total"],
        "failed": report["requests"]["failed"],
        "harm": report["harm"]["requests"],
        **{f"p{share}_ms": latency.get(f"p{share}_ms") for share in PERCENTILES},
    }


def _cut(path: Path) -> None:
    lines = _lines(path)
    if len(lines) >= 2 * RUNS:
        replace(path, "\n".join(lines[-RUNS:]) + "\n")


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []


def runs(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the runs that make sense, oldest first; a line that was cut short by a kill is passed over."""
    for line in _lines(path):
        try:
            run = json.loads(line)
        except ValueError:
            continue
        if isinstance(run, dict) and all(key in run for key in _SAME) and fits(run.get("figures"), "previous"):
            yield run
