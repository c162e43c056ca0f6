"""What all lanes of the timeline share: the run cut into slices, one axis of time, and the frame of a lane."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from drills.html import svg
from drills.html.figures import Slice, Weight, slices, weights
from drills.html.run import Run
from drills.html.svg import Point, Scale

# Units of the picture, which is drawn as wide as the page: titles and values on the left, names of lines on the right.
WIDTH = 1000
LEFT = 136
RIGHT = 104
LINE_HEIGHT = 14


@dataclass(frozen=True)
class Chart:
    """One run on one axis of time."""

    run: Run
    cut: list[Slice]
    asked: list[Weight]
    x: Scale

    @classmethod
    def of(cls, run: Run) -> Chart:
        """Cut a run and lay it out."""
        return cls(run, slices(run), weights(run.report["steps"]), Scale(0, run.end_s, LEFT, WIDTH - RIGHT))

    def side(self, version: str) -> str:
        """Return the class that colours a version and gives it its dashes."""
        if not version:
            return "nobody"
        return "canary" if version == self.run.new else "stable"

    def label(self, version: str) -> str:
        """Return what a version is called, so that nobody has to remember which was which."""
        if not version:
            return "no answer"
        return f"{version} {'new' if version == self.run.new else 'stable'}"


@dataclass(frozen=True)
class Label:
    """A name to write at the end of a line."""

    y: float
    words: str
    class_: str


@dataclass(frozen=True)
class Lane:
    """One strip of the timeline with an axis of its own.

    Attributes:
        title: what it shows.
        notes: further short lines below the title.
        y: its axis.
        unit: written after each value of the axis.
    """

    title: str
    notes: Sequence[str]
    y: Scale
    unit: str = ""

    def head(self) -> Markup:
        """Return title and notes."""
        top = self.y.end + 10
        notes = (svg.text(note, 0, top + LINE_HEIGHT * row, "note") for row, note in enumerate(self.notes, 1))
        return svg.text(self.title, 0, top, "title") + Markup("").join(notes)

    def frame(self) -> Markup:
        """Return title, values and grid."""
        words = [self.head()]
        for value in self.y.ticks():
            words.append(svg.line(LEFT, self.y(value), WIDTH - RIGHT, self.y(value), "grid"))
            words.append(svg.text(f"{value:g}{self.unit}", LEFT - 6, self.y(value) + 4, "tick", "end"))
        return Markup("").join(words)


def names(labels: Iterable[Label], y: Scale) -> Markup:
    """Return names at the ends of lines, in the order of the lines, moved apart and into the lane of that axis."""
    ordered = sorted(labels, key=lambda one: one.y)
    places: list[float] = []
    for label in ordered:
        places.append(max(label.y, places[-1] + LINE_HEIGHT if places else y.end + 4))
    for number in reversed(range(len(places))):
        below = places[number + 1] - LINE_HEIGHT if number + 1 < len(places) else y.start
        places[number] = min(places[number], below)
    placed = zip(ordered, places, strict=True)
    words = (svg.text(one.words, WIDTH - RIGHT + 6, place + 4, f"name {one.class_}") for one, place in placed)
    return Markup("").join(words)


def gapless(points: Iterable[Point | None]) -> Iterator[list[Point]]:
    """Yield the runs of points between gaps; a lonely point becomes a short dash, so that it is seen."""
    run: list[Point] = []
    for point in [*points, None]:
        if point is not None:
            run.append(point)
        elif run:
            yield run if len(run) > 1 else [(run[0][0] - 4, run[0][1]), (run[0][0] + 4, run[0][1])]
            run = []


def stairs(asked: Sequence[Weight], x: Scale, y: Scale) -> list[Point]:
    """Return weights, in percent, as stairs from one end of the time to the other."""
    points: list[Point] = []
    for weight in asked:
        points += [(x(weight.at_s), points[-1][1] if points else y(0)), (x(weight.at_s), y(weight.percent))]
    return [*points, (x(x.high), points[-1][1])]
