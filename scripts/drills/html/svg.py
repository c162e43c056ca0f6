"""The few words of SVG that the pictures need. Text and attributes are escaped here, whatever they hold."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

Point = tuple[float, float]
# About so many labels on an axis can be read without crowding.
TICKS = 5


def element(name: str, *children: str, **attributes: object) -> Markup:
    """Return an element; `class_` becomes class, `stroke_width` stroke-width, None leaves an attribute out."""
    said = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _number(value))
        for key, value in attributes.items()
        if value is not None
    )
    return Markup("<{0}{1}>{2}</{0}>").format(name, said, Markup("").join(map(escape, children)))


def text(words: str, x: float, y: float, class_: str = "", anchor: str = "start") -> Markup:
    """Return a line of text."""
    return element("text", words, x=x, y=y, class_=class_ or None, text_anchor=None if anchor == "start" else anchor)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """Return a straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def path(runs: Iterable[Sequence[Point]], class_: str) -> Markup:
    """Return one path through runs of points, with a gap between two runs."""
    drawn = " ".join("M" + " L".join(f"{_number(x)},{_number(y)}" for x, y in points) for points in runs if points)
    return element("path", d=drawn, class_=class_)


def area(upper: Sequence[Point], lower: Sequence[Point], class_: str) -> Markup:
    """Return the area between two lines."""
    around = [*upper, *reversed(lower)]
    return element("polygon", points=" ".join(f"{_number(x)},{_number(y)}" for x, y in around), class_=class_)


@dataclass(frozen=True)
class Scale:
    """Maps values to places; with `log` equal ratios are equally far apart.

    Attributes:
        low: smallest value.
        high: largest value, larger than `low`.
        start: place of the smallest.
        end: place of the largest; may lie before `start`, as upwards in SVG.
        log: logarithmic; `low` is above 0 then.
        whole: only whole numbers are labelled.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False
    whole: bool = False

    def __call__(self, value: float) -> float:
        """Return the place of a value; one beyond the ends is put at the end."""
        bent = (lambda number: math.log10(max(number, self.low))) if self.log else float
        share = (bent(value) - bent(self.low)) / (bent(self.high) - bent(self.low))
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)

    def ticks(self, number: int = TICKS) -> list[float]:
        """Return about so many round values to label."""
        if self.log:
            return [10.0**power for power in range(math.ceil(math.log10(self.low)), int(math.log10(self.high)) + 1)]
        step = max(nice_step(self.high - self.low, number), 1.0 if self.whole else 0.0)
        return [number * step for number in range(math.ceil(self.low / step), int(self.high / step + 1e-9) + 1)]


def nice_step(span: float, number: int) -> float:
    """Return a round step (1, 2 or 5 times a power of ten) that cuts a span into about so many parts."""
    rough = span / number
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if rough <= power * factor * 1.0001)


def _number(value: object) -> object:
    """Return a number without decimals that nobody can see; a page is full of them."""
    return f"{value:.1f}".rstrip("0").rstrip(".") if isinstance(value, float) else value
