"""Single requests and what telemetry knows of them: a waterfall of the trace, and the log lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from drills.html import svg
from drills.html.run import Run
from drills.html.words import shortened

# Enough to see a pattern in; the list of all is beside the page.
MOST_LOOKED_UP = {"failed": 25, "slowest": 10}
MOST_SPANS = 20
MOST_LINES = 15
# Letters of the attributes of a span and of the fields of a log line.
MOST_FACTS = 160
# So many of each kind are open on paper, where nobody can click.
OPEN_ON_PAPER = 1
BAR_WIDTH = 240
BAR_HEIGHT = 12


@dataclass(frozen=True)
class Row:
    """One span of a waterfall; times in milliseconds after the trace's first span."""

    span: dict[str, Any]
    depth: int
    bar: Markup
    facts: str


@dataclass(frozen=True)
class Looked:
    """One request that was looked up.

    Attributes:
        request: as report.json has it.
        side: class of the version that answered.
        rows: its spans, each below the one that called it.
        spans_left_out: how many more there are.
        lines: its log lines, each with its fields as one text.
        lines_left_out: how many more there are.
        on_paper: it is printed in full.
    """

    request: dict[str, Any]
    side: str
    rows: list[Row]
    spans_left_out: int
    lines: list[dict[str, Any]]
    lines_left_out: int
    on_paper: bool


def looked_up(run: Run, why: str) -> list[Looked]:
    """Return the requests that were looked up because they failed, or because they were the slowest."""
    chosen = [one for one in run.report["evidence"]["requests"] if one["why"] == why]
    return [_looked(run, one, number < OPEN_ON_PAPER) for number, one in enumerate(chosen[: MOST_LOOKED_UP[why]])]


def failed_left_out(run: Run) -> int:
    """Return how many failed requests the page does not show one by one."""
    return max(0, int(run.report["requests"]["failed"]) - len(looked_up(run, "failed")))


def _looked(run: Run, request: dict[str, Any], on_paper: bool) -> Looked:
    spans = (request["trace"] or {"spans": []})["spans"]
    version = request["version"] or ""
    return Looked(
        request=request,
        side="nobody" if not version else "canary" if version == run.new else "stable",
        rows=waterfall(spans, run.new)[:MOST_SPANS],
        spans_left_out=max(0, len(spans) - MOST_SPANS),
        lines=[line | {"facts": _facts(line["fields"], "=")} for line in request["logs"][:MOST_LINES]],
        lines_left_out=max(0, len(request["logs"]) - MOST_LINES),
        on_paper=on_paper,
    )


def waterfall(spans: list[dict[str, Any]], new: str) -> list[Row]:
    """Return the spans with their bars, callers before those they called, each in order of time.

    Args:
        spans: of one trace.
        new: the version under release, whose bars have its colour.
    """
    end = max((span["start_ms"] + span["duration_ms"] for span in spans), default=0.0)
    scale = svg.Scale(0, max(end, 0.001), 0, BAR_WIDTH)
    return [Row(span, depth, _bar(span, scale, new), _facts(span["attributes"], " ")) for span, depth in _nested(spans)]


def _nested(spans: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield each span once with its depth; one whose parent is missing, or that calls itself, stands at the top."""
    left = {span["span_id"]: span for span in sorted(spans, key=lambda span: float(span["start_ms"]))}
    known = set(left)
    while left:
        root = next((span for span in left.values() if span["parent_id"] not in known), next(iter(left.values())))
        waiting = [(root, 0)]
        while waiting:
            span, depth = waiting.pop()
            if left.pop(span["span_id"], None) is None:
                continue
            yield span, depth
            below = [one for one in left.values() if one["parent_id"] == span["span_id"]]
            waiting += [(one, depth + 1) for one in reversed(below)]


def _bar(span: dict[str, Any], scale: svg.Scale, new: str) -> Markup:
    start, end = scale(span["start_ms"]), scale(span["start_ms"] + span["duration_ms"])
    width = max(2.0, end - start)
    kind = "wrong" if span["error"] else "canary" if span["version"] == new else "stable"
    rect = svg.element("rect", x=min(start, BAR_WIDTH - width), y=1, width=width, height=BAR_HEIGHT - 2, class_=kind)
    return svg.element(
        "svg",
        rect,
        viewBox=f"0 0 {BAR_WIDTH} {BAR_HEIGHT}",
        class_="bar",
        aria_hidden="true",
        preserveAspectRatio="none",
    )


def _facts(values: dict[str, str], between: str) -> str:
    """Return names and values as one text, errors first: they must not be what is cut."""
    ordered = sorted(values.items(), key=lambda item: (not item[0].startswith(("error", "exception")), item[0]))
    return shortened("  ".join(f"{key}{between}{value}" for key, value in ordered), MOST_FACTS)
