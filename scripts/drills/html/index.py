"""The index over all drills: the latest run of each with its verdict, a sketch of it, and how the runs before ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from drills.html import past, svg
from drills.html.chart import stairs
from drills.html.figures import Share, shares, slices, weights
from drills.html.page import environment
from drills.html.past import Ran
from drills.html.run import Run, UnreadableError, read
from drills.html.svg import Point, Scale
from drills.report import PAGE, REPORT, REQUESTS, replace
from drills.twins import TWINS
from drills.verdict import ERROR, FAILED, INCONCLUSIVE, PASSED

INDEX = "index.html"
SKETCH_WIDTH, SKETCH_HEIGHT = 150, 34
# Symbols of so many runs fit beside a drill.
RUNS_BEFORE = 10


@dataclass(frozen=True)
class Entry:
    """The latest run of a drill.

    Attributes:
        name: `<drill>-<twin>`.
        report: what report.json says.
        sketch: weight asked for and share seen, over time.
        before: how the runs before it ended, oldest first.
    """

    name: str
    report: dict[str, Any]
    sketch: Markup
    before: list[Ran]


def write(folder: Path, names: Sequence[str] = ()) -> Path:
    """Draw the index over the drills in a folder and return its path; what cannot be read is named in it.

    Args:
        folder: of the reports.
        names: drills that are to run, or have; one that left nothing counts as not passed.
    """
    entries, troubles = _entries(folder, names)
    path = folder / INDEX
    known = {past.which(entry.report) for entry in entries}
    ran = past.read(folder)
    replace(
        path,
        environment()
        .get_template("index.html")
        .render(
            entries=entries,
            troubles=troubles,
            passed=sum(entry.report["verdict"] == PASSED for entry in entries),
            verdict=_verdict(entries, troubles),
            elsewhere=[one for one in past.latest(ran) if one.which not in known],
            ran=list(reversed(ran))[: past.MOST_SHOWN],
            more=max(0, len(ran) - past.MOST_SHOWN),
            twins=TWINS,
            page=PAGE,
        ),
    )
    return path


def drills(folder: Path, names: Sequence[str] = ()) -> list[Path]:
    """Return the folders of drills, also of those that left nothing; the sound release of each drill comes first."""
    endings = tuple(f"-{twin}" for twin in TWINS)
    places = [place for place in folder.iterdir() if place.is_dir()] if folder.is_dir() else []
    found = {place for place in places if (place / REPORT).exists() or place.name.endswith(endings)}
    return sorted(found | {folder / name for name in names}, key=_order)


def _order(place: Path) -> tuple[str, int]:
    drill, _, twin = place.name.rpartition("-")
    return drill, list(TWINS).index(twin) if twin in TWINS else len(TWINS)


def _verdict(entries: Sequence[Entry], troubles: Sequence[str]) -> str:
    """Return the worst verdict; where a report is missing, or all are, nothing is known."""
    verdicts = {entry.report["verdict"] for entry in entries} | ({INCONCLUSIVE} if troubles or not entries else set())
    return next(verdict for verdict in (FAILED, ERROR, INCONCLUSIVE, PASSED) if verdict in verdicts)


def _entries(folder: Path, names: Sequence[str]) -> tuple[list[Entry], list[str]]:
    """Return the drills that can be read, and a line for each that cannot."""
    ran, entries, troubles = past.read(folder), [], []
    for place in drills(folder, names):
        try:
            report, drawing = _drawn(place, _stamp(place))
        except UnreadableError as error:
            troubles.append(str(error))
        else:
            entries.append(Entry(place.name, report, drawing, _before(report, ran)))
    return entries, troubles


def _stamp(place: Path) -> tuple[int, ...]:
    """Return what changes when a drill's files do."""
    files = [place / name for name in (REPORT, REQUESTS)]
    return tuple(file.stat().st_mtime_ns if file.exists() else 0 for file in files)


@lru_cache(maxsize=64)
def _drawn(place: Path, _stamp: tuple[int, ...]) -> tuple[dict[str, Any], Markup]:
    """Read a drill and sketch it once: the index is drawn again after every drill of a campaign."""
    run = read(place)
    return run.report, sketch(run)


def _before(report: dict[str, Any], ran: Sequence[Ran]) -> list[Ran]:
    same = [one for one in ran if one.which == past.which(report)]
    return [one for one in same if one.started_at < report["started_at"]][-RUNS_BEFORE:]


def sketch(run: Run) -> Markup:
    """Draw the weight that was asked for as stairs and the share that was seen as a line, without any words."""
    x, y = Scale(0, run.end_s, 1, SKETCH_WIDTH - 1), Scale(0, 100, SKETCH_HEIGHT - 2, 2)
    asked = weights(run.report["steps"])
    seen = list(shares(run, slices(run), asked))
    told = f"Asked for at most {max(one.percent for one in asked)} % of the users; seen at most {_most(seen)} %."
    return svg.element(
        "svg",
        svg.element("title", told),
        svg.path([stairs(asked, x, y)], "asked"),
        svg.path([_line(seen, x, y)], "line canary"),
        viewBox=f"0 0 {SKETCH_WIDTH} {SKETCH_HEIGHT}",
        class_="sketch",
        role="img",
        aria_label=told,
    )


def _most(seen: Sequence[Share]) -> str:
    return f"{100 * max((one.share for one in seen), default=0.0):.0f}"


def _line(seen: Sequence[Share], x: Scale, y: Scale) -> list[Point]:
    return [(x((one.start_s + one.end_s) / 2), y(100 * one.share)) for one in seen]
