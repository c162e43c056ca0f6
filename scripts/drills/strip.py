"""A run as one line: time from left to right, how much of each moment the new version answered, failures in red."""

from __future__ import annotations

from rich.text import Text

from drills.probes import Sample
from drills.record import Record

WIDTH = 60
BARS = " ▁▂▃▄▅▆▇█"
NEW, STABLE, BAD = "green", "blue", "red"


def strip(record: Record, width: int = WIDTH) -> Text:
    """Return the run of one drill as a line of so many cells; a cell without a request is empty."""
    cells: list[list[Sample]] = [[] for _ in range(width)]
    samples = record.requests
    if samples:
        first, span = samples[0].scheduled, samples[-1].scheduled - samples[0].scheduled or 1.0
        for sample in samples:
            cells[min(width - 1, int((sample.scheduled - first) / span * width))].append(sample)
    line = Text()
    for cell in cells:
        line.append_text(_cell(cell, record))
    return line


def _cell(samples: list[Sample], record: Record) -> Text:
    if not samples:
        return Text(" ")
    if any(sample.failed for sample in samples):
        return Text("!", style=f"bold white on {BAD}")
    asked = [sample for sample in samples if sample.service == record.service]
    new = sum(sample.version == record.version for sample in asked)
    share = new / len(asked) if asked else 0.0
    bar = 0 if not new else max(1, round(share * (len(BARS) - 1)))  # a single canary answer is to be seen
    return Text(BARS[bar], style=f"{NEW} on {STABLE}")
