"""The figures of the timeline as rows, for readers who do not see it and for the read-out under the pointer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from drills.html.chart import Chart
from drills.html.figures import Share, Slice, asked_at, shares
from drills.html.lanes import PERCENTILES
from drills.html.words import NONE


@dataclass(frozen=True)
class Table:
    """Columns, and a row of cells for each slice."""

    columns: list[str]
    rows: list[list[str]]


def table(chart: Chart) -> Table:
    """Return what the timeline draws."""
    seen = list(shares(chart.run, chart.cut, chart.asked))
    versions = chart.run.versions
    columns = ["from", f"asked for {chart.run.new}", f"seen of {chart.run.new} (95 % band)"]
    columns += [f"{version} requests/s" for version in versions]
    columns += ["failed", *(f"{version} p50 / p95 / p99 ms" for version in versions)]
    return Table(columns, [_row(chart, piece, seen) for piece in chart.cut])


def _row(chart: Chart, piece: Slice, seen: Sequence[Share]) -> list[str]:
    service, versions = chart.run.service, chart.run.versions
    cells = [f"{piece.start_s:g} s", f"{asked_at(chart.asked, piece.middle_s)} %", _seen(piece, seen)]
    cells += [_number(piece.rate(service, version), 0) for version in versions]
    late = [[piece.latency(service, version, percent) for percent in PERCENTILES] for version in versions]
    return [*cells, str(piece.failed), *(" / ".join(_number(value, 1) for value in three) for three in late)]


def _seen(piece: Slice, seen: Sequence[Share]) -> str:
    for share in seen:
        if share.start_s <= piece.start_s < share.end_s:
            low, high = share.band
            return f"{100 * share.share:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
    return NONE


def _number(value: float | None, digits: int) -> str:
    return NONE if value is None else f"{value:.{digits}f}"
