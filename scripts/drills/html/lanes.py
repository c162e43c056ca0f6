"""The lanes that show what users got: share of the new version, requests, failures, and how late answers were."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from markupsafe import Markup

from drills.html import svg
from drills.html.chart import LEFT, RIGHT, WIDTH, Chart, Label, Lane, gapless, names, stairs
from drills.html.figures import Slice, shares
from drills.html.svg import Point, Scale

PERCENTILES = (50, 95, 99)
FASTEST_MS = 1.0
LEAST_SHARE = 20.0  # in percent: a smaller axis would make a mountain of a single request
TICK = 9  # height of the tick that stands for one failure
LEAST_BAR = 4  # a bar for a single failure among hundreds is still to be seen
# Numbers above more bars than this would run into each other.
MOST_NUMBERS = 45


def share(chart: Chart, top: float, height: float) -> Markup:
    """Draw the weight that was asked for, and the share of the answers that the new version gave."""
    seen = list(shares(chart.run, chart.cut, chart.asked))
    most = max([*(one.percent for one in chart.asked), *(100 * one.band[1] for one in seen), LEAST_SHARE])
    y = _axis(min(100, _above(most)), top, height)
    lane = Lane(f"Users on {chart.run.new}", ["asked for, and", "seen with its", "95 % band"], y, " %")
    middles = [(chart.x((one.start_s + one.end_s) / 2), one) for one in seen]
    upper, lower = ([(x, lane.y(100 * one.band[side])) for x, one in middles] for side in (1, 0))
    line = [(x, lane.y(100 * one.share)) for x, one in middles]
    labels = [Label(lane.y(chart.asked[-1].percent), "asked", "asked")]
    labels += [Label(line[-1][1], "seen", "canary")] if line else []
    return Markup("").join(
        [
            lane.frame(),
            svg.area(upper, lower, "band"),
            svg.path([stairs(chart.asked, chart.x, lane.y)], "asked"),
            svg.path(gapless(line), "line canary"),
            _steps_of_weight(chart, lane.y),
            names(labels, lane.y),
        ]
    )


def _steps_of_weight(chart: Chart, y: Scale) -> Markup:
    """Write each weight where it was asked for."""
    said = [weight for weight in chart.asked if weight.percent]
    words = (
        svg.text(f"{one.percent} %", chart.x(one.at_s) + 4, max(y(one.percent) - 5, y.end + 10), "asked")
        for one in said
    )
    return Markup("").join(words)


def rates(chart: Chart, top: float, height: float) -> Markup:
    """Draw the requests a second to the service under release, by the version that answered."""
    service = chart.run.service
    lines = {version: [piece.rate(service, version) for piece in chart.cut] for version in _who(chart)}
    most = max((rate for line in lines.values() for rate in line if rate is not None), default=0.0)
    lane = Lane("Requests/s", [f"to {service}, by", "who answered"], _axis(_above(most), top, height))
    drawn, labels = [lane.frame()], []
    for version, line in lines.items():
        points = _points(chart, lane.y, line)
        drawn.append(svg.path(gapless(points), f"line {chart.side(version)}"))
        labels += _label(points, chart.label(version), chart.side(version))
    return Markup("").join([*drawn, names(labels, lane.y)])


def _who(chart: Chart) -> list[str]:
    nobody = any(not one.version for one in chart.run.released)
    return [*chart.run.versions, *([""] if nobody else [])]


def failures(chart: Chart, top: float, height: float) -> Markup:
    """Draw every failed request as a tick, and how many there were in each slice as a bar."""
    most = max((piece.failed for piece in chart.cut), default=0)
    y = Scale(0, _above(most), top + height - TICK, top, whole=True)
    lane = Lane("Failed", ["each one a tick,", "bars count them"] if most else ["of any service"], y)
    if not most:
        said = svg.text("not one request failed", LEFT + 8, y.start - 6, "nothing")
        return lane.head() + svg.line(LEFT, y.start, WIDTH - RIGHT, y.start, "grid") + said
    bars = Markup("").join(_bars(chart, piece, lane.y) for piece in chart.cut if piece.failed)
    ticks = Markup("").join(
        svg.path(_ticks(chart, version, lane.y.start), f"tick-{chart.side(version)}") for version in _failing(chart)
    )
    labels = [
        Label(lane.y.start - 14 * row, chart.label(version), chart.side(version))
        for row, version in enumerate(_failing(chart))
    ]
    return lane.frame() + bars + ticks + names(labels, lane.y)


def _failing(chart: Chart) -> list[str]:
    return sorted({one.version for one in chart.run.failures})


def _bars(chart: Chart, piece: Slice, y: Scale) -> Markup:
    """Return a slice's bar, one part for each version."""
    left, right, bottom, drawn = chart.x(piece.start_s), chart.x(piece.start_s + piece.seconds), y.start, []
    for version in _failing(chart):
        count = sum(bool(one.error) and one.version == version for one in piece.requests)
        height = max(LEAST_BAR, y.start - y(count)) if count else 0
        bottom -= height
        title = svg.element("title", f"{piece.start_s:g} s: {count} failed, {chart.label(version)}")
        if count:
            drawn.append(
                svg.element(
                    "rect",
                    title,
                    x=left + 1,
                    y=bottom,
                    width=max(1, right - left - 2),
                    height=height,
                    class_=f"bar-{chart.side(version)}",
                )
            )
    if len(chart.cut) <= MOST_NUMBERS:
        drawn.append(svg.text(str(piece.failed), (left + right) / 2, bottom - 3, "count", "middle"))
    return Markup("").join(drawn)


def _ticks(chart: Chart, version: str, top: float) -> Iterator[list[Point]]:
    """Yield a tick for each failure; those that would cover each other are drawn once."""
    places = {round(chart.x(one.at_s) * 2) / 2 for one in chart.run.failures if one.version == version}
    return ([(x, top + 2), (x, top + TICK)] for x in sorted(places))


def latency(chart: Chart, version: str, highest_ms: float, top: float, height: float) -> Markup:
    """Draw the percentiles of one version's latency on a scale that all versions share."""
    y = Scale(FASTEST_MS, highest_ms, top + height, top, log=True)
    lane = Lane(f"Latency of {version}", ["ms, log scale"], y)
    threshold = chart.run.report["slo"]["threshold_ms"]
    drawn = [lane.frame(), svg.line(LEFT, y(threshold), WIDTH - RIGHT, y(threshold), "objective")]
    if not any(piece.by(chart.run.service, version) for piece in chart.cut):
        return lane.head() + svg.text(f"{version} answered no user", LEFT + 8, y.start - 6, "nothing")
    labels = [Label(y(threshold), f"objective {threshold:g}", "objective")]
    for percent in PERCENTILES:
        points = _points(chart, y, [piece.latency(chart.run.service, version, percent) for piece in chart.cut])
        drawn.append(svg.path(gapless(points), f"line p{percent} {chart.side(version)}"))
        labels += _label(points, f"p{percent}", chart.side(version))
    return Markup("").join([*drawn, names(labels, y)])


def highest_ms(chart: Chart) -> float:
    """Return the end of the scale of latencies: the power of ten above all that is drawn."""
    drawn = [
        piece.latency(chart.run.service, version, 99) or 0 for piece in chart.cut for version in chart.run.versions
    ]
    highest, end = max([*drawn, chart.run.report["slo"]["threshold_ms"]]), 10 * FASTEST_MS
    while end < highest:
        end *= 10
    return end


def _axis(highest: float, top: float, height: float) -> Scale:
    return Scale(0, highest, top + height, top)


def _above(most: float) -> float:
    """Return a round value above the largest one."""
    step = svg.nice_step(max(most, 1), svg.TICKS)
    return max(1.0, step * (int(most / step) + 1))


def _points(chart: Chart, y: Scale, values: Sequence[float | None]) -> list[Point | None]:
    middles = (chart.x(piece.middle_s) for piece in chart.cut)
    return [None if value is None else (x, y(value)) for x, value in zip(middles, values, strict=True)]


def _label(points: Iterable[Point | None], words: str, class_: str) -> list[Label]:
    seen = [point for point in points if point is not None]
    return [Label(seen[-1][1], words, class_)] if seen else []
