"""The key figures of a run, each beside that of the previous run of the same drill, and what changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from drills.html.words import MINUS, milliseconds, seconds
from drills.twins import PROMOTED, TWINS

Say = Callable[[Any], str]


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        label: what it is.
        value: in words, with its unit.
        before: that of the previous run, empty if there was none.
        change: the difference in words, empty if there is none to speak of.
    """

    label: str
    value: str
    before: str = ""
    change: str = ""


def figures(report: dict[str, Any]) -> list[Figure]:
    """Return the figures that a reader looks for first."""
    requests, harm, before = report["requests"], report["harm"], report["previous"] or {}
    rows: list[tuple[str, Any, str, Say]] = [
        ("Requests", requests["total"], "requests", _whole),
        ("Failed", requests["failed"], "failed", _whole),
        (_hurt(report), harm["requests"], "harm", _whole),
        ("Time to detect", report["time_to_detect_s"], "time_to_detect_s", seconds),
        ("Time to roll back", report["time_to_roll_back_s"], "time_to_roll_back_s", seconds),
    ]
    return [_figure(label, now, before.get(key), say, bool(before)) for label, now, key, say in rows]


def _hurt(report: dict[str, Any]) -> str:
    """Return the label of the harm; a sound release may be late, but must not fail a request."""
    limited = TWINS[report["twin"]].expected != PROMOTED
    return f"Hurt, of {report['harm']['allowed']:,.0f} allowed" if limited else "Failed, or late from the new version"


def latencies(report: dict[str, Any]) -> Iterator[tuple[str, list[Figure]]]:
    """Yield the percentiles of each version of the service under release."""
    before = (report["previous"] or {}).get("latency", {})
    for version, found in report["latency"].items():
        then = before.get(version, {})
        yield (
            version,
            [_figure(key.removesuffix("_ms"), found[key], then.get(key), milliseconds, bool(then)) for key in found],
        )


def _figure(label: str, now: Any, then: Any, say: Say, known: bool) -> Figure:
    if not known:
        return Figure(label, say(now))
    if now is None or then is None:
        return Figure(label, say(now), say(then))
    change = round(now - then, 1)
    said = f"{'+' if change > 0 else MINUS}{say(abs(change))}" if change else "same"
    return Figure(label, say(now), say(then), said)


def _whole(value: int) -> str:
    return f"{value:,.0f}"
