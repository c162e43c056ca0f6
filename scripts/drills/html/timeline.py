"""The timeline: what was done, what the judge said and what users got, as lanes above one axis of time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from markupsafe import Markup

from drills.html import lanes, svg
from drills.html.chart import LEFT, RIGHT, WIDTH, Chart
from drills.html.words import SYMBOLS, shortened

ROW = 17
LANE = 92
GAP = 22
NOTHING = 34  # the height of a lane that says there was nothing to draw
AXIS = 26
# The width of a letter on average: enough to keep two labels apart.
LETTER = 6.4
DETAIL = 74
SECONDS_LABELLED = 12
DESCRIPTION = (
    "Over one axis of time: the steps of the drill, what the judge said, the share of the users on the new version,"
    " requests, failures and latencies. The same figures stand in the table below."
)
# What brings the new version nearer to users, and what takes them away from it.
SIDES = {
    "verify": "canary",
    "shift": "canary",
    "switch": "canary",
    "promote": "canary",
    "abort": "stable",
    "go back": "stable",
}

Draw = Callable[[Chart, float, float], Markup]


def timeline(chart: Chart) -> Markup:
    """Return the picture."""
    marks, levels = _marks(chart)
    top = levels * ROW + 8
    drawn, at = [_steps(chart, top)], float(top + ROW * len(chart.run.report["steps"]) + GAP)
    for draw, height in _lanes(chart):
        drawn.append(draw(chart, at, height))
        at += height + GAP
    bottom = at - GAP
    body = Markup("").join([_axis(chart, top, bottom), *drawn, *(mark.drawn(bottom) for mark in marks)])
    return _picture(chart, body, bottom + AXIS)


def _lanes(chart: Chart) -> list[tuple[Draw, float]]:
    """Return the lanes below the steps, each with its height."""
    highest = lanes.highest_ms(chart)
    answered = {one.version for one in chart.run.released}
    late = [
        (partial(_latency, version=version, highest=highest), LANE if version in answered else NOTHING)
        for version in chart.run.versions
    ]
    return [(lanes.share, LANE), (lanes.rates, LANE), (lanes.failures, LANE if chart.run.failures else NOTHING), *late]


def _latency(chart: Chart, top: float, height: float, version: str, highest: float) -> Markup:
    return lanes.latency(chart, version, highest, top, height)


def _picture(chart: Chart, body: Markup, height: float) -> Markup:
    title = svg.element("title", f"Timeline of {chart.run.name}", id="timeline-title")
    return svg.element(
        "svg",
        title,
        svg.element("desc", DESCRIPTION, id="timeline-desc"),
        body,
        svg.element("line", x1=0, y1=0, x2=0, y2=height - AXIS, class_="cursor", id="cursor"),
        viewBox=f"0 0 {WIDTH} {height:.0f}",
        role="img",
        aria_labelledby="timeline-title timeline-desc",
        class_="timeline",
        data_left=LEFT,
        data_right=WIDTH - RIGHT,
        data_end=round(chart.run.end_s, 3),
    )


def _axis(chart: Chart, top: float, bottom: float) -> Markup:
    """Draw the seconds."""
    drawn = []
    for value in chart.x.ticks(SECONDS_LABELLED):
        drawn.append(svg.line(chart.x(value), top, chart.x(value), bottom, "grid"))
        drawn.append(svg.text(f"{value:g} s", chart.x(value), bottom + 16, "tick", "middle"))
    return Markup("").join(drawn)


# Steps


def _steps(chart: Chart, top: float) -> Markup:
    steps = chart.run.report["steps"]
    rows = (_step(chart, step, top + ROW * number) for number, step in enumerate(steps))
    return (
        svg.text("Steps", 0, top + 12, "title") + svg.text("of the drill", 0, top + 26, "note") + Markup("").join(rows)
    )


def _step(chart: Chart, step: dict[str, Any], top: float) -> Markup:
    """Draw one step as a bar with its name beside it, on the side where there is room."""
    start = chart.x(step["started_s"])
    end = max(start + 2, chart.x(chart.run.end_s if step["finished_s"] is None else step["finished_s"]))
    fits = WIDTH - end > LETTER * (len(step["name"]) + min(DETAIL, len(step["detail"])) + 2)
    words = svg.element(
        "text",
        svg.element("tspan", step["name"], class_="step"),
        f" {shortened(step['detail'], DETAIL)}",
        x=end + 5 if fits else start - 5,
        y=top + 12,
        text_anchor=None if fits else "end",
    )
    title = svg.element("title", shortened(f"{step['name']}: {step['detail']}"))
    bar = svg.element(
        "rect",
        x=start,
        y=top + 2,
        width=end - start,
        height=ROW - 5,
        rx=2,
        class_=f"doing {SIDES.get(step['name'], '')}".strip(),
    )
    return svg.element("g", title, bar, words)


# Judgements


@dataclass(frozen=True)
class Mark:
    """A judgement: a line through all lanes, and what it said above them."""

    x: float
    level: int
    words: str
    verdict: str
    reason: str

    def drawn(self, bottom: float) -> Markup:
        """Return the line and the words, which are turned inwards near the end."""
        inwards = self.x > WIDTH / 2
        top = self.level * ROW
        return svg.element(
            "g",
            svg.element("title", self.reason),
            svg.line(self.x, top, self.x, bottom, f"judged {self.verdict.lower()}"),
            svg.text(
                self.words,
                self.x + (-5 if inwards else 5),
                top + 11,
                f"mark {self.verdict.lower()}",
                "end" if inwards else "start",
            ),
        )

    @property
    def span(self) -> tuple[float, float]:
        """Return from where to where the words reach."""
        width = LETTER * len(self.words) + 12
        return (self.x - width, self.x) if self.x > WIDTH / 2 else (self.x, self.x + width)


def _marks(chart: Chart) -> tuple[Sequence[Mark], int]:
    """Return a mark for each judgement, each on the first level where nothing is in its way, and how many levels."""
    marks: list[Mark] = []
    for said in chart.run.report["judgements"]:
        words = f"{SYMBOLS[said['verdict']]} {said['verdict']}: {shortened(said['step'], 40)}"
        level = 0
        while True:
            mark = Mark(chart.x(said["at_s"]), level, words, said["verdict"], said["reason"])
            if not any(other.level == level and _overlap(other.span, mark.span) for other in marks):
                break
            level += 1
        marks.append(mark)
    return marks, 1 + max((mark.level for mark in marks), default=0)


def _overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] < other[1] and other[0] < one[1]
