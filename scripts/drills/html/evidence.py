"""What speaks for the verdict and against it, made ready for the page: judgements, error budget, prober, sources."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from drills.html import svg
from drills.html.words import percent, shortened
from drills.probes import LATE_MS, Schedule

# A query or the judge's numbers on paper; longer ones are in report.json.
LONGEST_QUERY = 2000
METER_WIDTH, METER_HEIGHT = 240, 12


@dataclass(frozen=True)
class Judged:
    """One judgement.

    Attributes:
        said: as report.json has it.
        beside: rows of a table: what was counted, the new version, the stable one.
        other: the judge's other numbers, by name.
        query: what was asked.
    """

    said: dict[str, Any]
    beside: list[tuple[str, str, str]]
    other: list[tuple[str, str]]
    query: str


def judged(said: dict[str, Any]) -> Judged:
    """Return a judgement in the form of the page; the judge may have numbers of any kind."""
    numbers = said["numbers"] if isinstance(said["numbers"], dict) else {"numbers": said["numbers"]}
    beside = _beside(numbers.get("candidate"), numbers.get("reference"))
    taken = ("candidate", "reference") if beside else ()
    other = [(_name(key), _said(value)) for key, value in numbers.items() if key not in taken]
    query = said["query"] if isinstance(said["query"], str) else json.dumps(said["query"], indent=1)
    return Judged(said, beside, other, query[:LONGEST_QUERY])


def _beside(new: Any, old: Any) -> list[tuple[str, str, str]]:
    """Return what was counted on both sides, nothing if the judge counted otherwise."""
    if not isinstance(new, dict) or not isinstance(old, dict):
        return []
    return [(_name(key), _figure(key, new[key]), _figure(key, old.get(key))) for key in new]


def _name(key: str) -> str:
    return key.replace("_", " ")


def _figure(key: str, value: Any) -> str:
    if isinstance(value, int | float) and key.endswith("share"):
        return percent(value)
    return _said(value)


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{_name(str(key))} {_said(item)}" for key, item in value.items())
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else shortened(str(value))


def meter(share: float, words: str) -> Markup:
    """Return a bar that is full at a share of 1, for a reader who sees; the words beside it say the same."""
    width = min(1.0, share) * METER_WIDTH
    full = "full over" if share > 1 else "full"
    parts = [
        svg.element("title", words),
        svg.element("rect", x=0, y=0, width=METER_WIDTH, height=METER_HEIGHT, class_="empty"),
        svg.element("rect", x=0, y=0, width=max(width, 1.0 if share else 0.0), height=METER_HEIGHT, class_=full),
    ]
    return svg.element(
        "svg", *parts, viewBox=f"0 0 {METER_WIDTH} {METER_HEIGHT}", class_="meter", role="img", aria_label=words
    )


def prober(schedule: dict[str, Any] | None) -> str:
    """Return how well the prober kept its rate, in a sentence."""
    if schedule is None:
        return "The prober never began."
    made = Schedule(**schedule)
    kept = "kept" if made.kept else "did not keep"
    return (
        f"The prober {kept} its rate: {made.sent:,} of {made.due:,} requests sent, {made.achieved_rate:g} a second"
        f" where {made.rate:g} were asked for. 99 of 100 left at most {made.lag_p99_ms:g} ms late, the latest"
        f" {made.lag_max_ms:g} ms; {made.late} were more than {LATE_MS:g} ms late."
    )
