"""What people see of a drill: a live view on a terminal, plain lines elsewhere, and the table at the end."""

from __future__ import annotations

import contextlib
import io
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from drills import report
from drills.probes import EPOCH, Sample
from drills.record import Record
from drills.strip import strip
from drills.verdict import PASSED, Ruling

# Answers of so many seconds make a rate that is steady to look at and still follows a shift.
RATE_SECONDS = 2.0
# Where lines cannot be rewritten, numbers come this often.
PLAIN_SECONDS = 5.0
POLL_SECONDS = 0.2
STEPS_SHOWN = 7
PICTURE_WIDTH = 92
STYLES = {PASSED: "bold green", "Failed": "bold red", "Inconclusive": "bold yellow", "Error": "bold magenta"}


@dataclass(frozen=True)
class Done:
    """A drill that ended, and its verdict."""

    record: Record
    ruling: Ruling


class View:
    """The live view of one drill: painted anew from its record whenever the terminal asks."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Paint the present state."""
        record = self._record
        title = f"[bold]{record.drill}[/] · {record.twin.about} · {record.now():.0f} s"
        parts: list[RenderableType] = [
            _steps(record),
            _versions(record),
            strip(record, max(20, min(options.max_width - 6, 100))),
        ]
        yield Panel(Group(*parts), title=title, title_align="left", subtitle=_weights(record), subtitle_align="left")


def _steps(record: Record) -> Table:
    table = Table.grid(padding=(0, 2))
    for step in record.steps[-STEPS_SHOWN:]:
        running = step.finished_s is None
        took = (record.now() if step.finished_s is None else step.finished_s) - step.started_s
        table.add_row(
            "▶" if running else "✓", f"[bold]{step.name}[/]" if running else step.name, f"{took:.1f} s", step.detail
        )
    return table


def _versions(record: Record) -> Table:
    table = Table(
        "answered by", "now/s", "requests", "failed", "median ms", box=None, header_style="dim", padding=(0, 2)
    )
    samples = list(record.samples)
    since = EPOCH + time.monotonic() - RATE_SECONDS
    for version in sorted({_who(sample) for sample in samples}):
        mine = [sample for sample in samples if _who(sample) == version]
        latest = [sample for sample in mine if sample.scheduled >= since]
        failed = sum(sample.failed for sample in mine)
        table.add_row(
            version,
            f"{len(latest) / RATE_SECONDS:.0f}",
            f"{len(mine)}",
            Text(str(failed), style="bold red" if failed else ""),
            _median(latest),
        )
    return table


def _who(sample: Sample) -> str:
    return f"{sample.service} {sample.version or 'without answer'}"


def _median(samples: Sequence[Sample]) -> str:
    ordered = sorted(sample.latency_ms for sample in samples)
    return f"{ordered[len(ordered) // 2]:.0f}" if ordered else ""


def _weights(record: Record) -> str:
    return " · ".join(f"{side} {share} %" for side, share in record.weights.items()) or "no traffic is being shifted"


class Follower:
    """Says in plain lines what a record gained since it last looked."""

    def __init__(self, record: Record, console: Console) -> None:
        self._record = record
        self._console = console
        self._steps = self._findings = 0
        self._next_numbers = PLAIN_SECONDS

    def look(self) -> None:
        """Print what is new."""
        steps, findings = self._record.steps[self._steps :], self._record.findings[self._findings :]
        self._steps += len(steps)
        self._findings += len(findings)
        lines = [(step.started_s, f"{step.name}: {step.detail}" if step.detail else step.name) for step in steps]
        lines += [(found.at_s, f"{found.verdict}, {found.step}: {found.reason}") for found in findings]
        for at, text in sorted(lines):
            self._line(at, text)
        if self._record.now() >= self._next_numbers and self._record.samples:
            self._next_numbers = self._record.now() + PLAIN_SECONDS
            self._line(self._record.now(), numbers(list(self._record.samples)))

    def _line(self, at: float, text: str) -> None:
        self._console.print(
            f"{self._record.name:<18} {at:6.1f} s  {text}", markup=False, highlight=False, soft_wrap=True
        )


def numbers(samples: Sequence[Sample]) -> str:
    """Say how many requests there were, who answered them, and how many of them failed."""
    failed = sum(sample.failed for sample in samples)
    shares = ", ".join(f"{who} {number}" for who, number in sorted(Counter(map(_who, samples)).items()))
    return f"{len(samples)} requests ({shares or 'nobody asked'}), {failed} failed"


@contextlib.contextmanager
def watching(record: Record, console: Console) -> Iterator[None]:
    """Show the progress of a drill while the block runs."""
    if console.is_terminal:
        with Live(View(record), console=console, refresh_per_second=5, transient=True):
            yield
        return
    follower, ended = Follower(record, console), threading.Event()

    def follow() -> None:
        while not ended.wait(POLL_SECONDS):
            follower.look()

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        follower.look()


def summary(done: Sequence[Done]) -> Table:
    """Return the table of all drills that ended."""
    table = Table(
        box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, collapse_padding=True
    )  # eighty columns must do
    for name in ("drill", "release", "outcome"):
        table.add_column(name, no_wrap=True)
    for name in ("requests", "failed", "found", "back"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for one in done:
        record, requests = one.record, one.record.requests
        table.add_row(
            record.drill,
            record.twin.name,
            record.outcome or "none",
            f"{len(requests)}",
            f"{sum(sample.failed for sample in requests)}",
            _seconds(record.time_to_detect_s),
            _seconds(record.time_to_roll_back_s),
            Text(one.ruling.verdict, style=STYLES[one.ruling.verdict]),
        )
    return table


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} s"


def sentences(done: Sequence[Done]) -> Table:
    """Return one sentence for each drill."""
    table = Table.grid(padding=(0, 2))
    for one in done:
        mark = Text("✓" if one.ruling.verdict == PASSED else "✗", style=STYLES[one.ruling.verdict])
        table.add_row(mark, one.record.name, one.ruling.reason)
    return table


def picture(done: Sequence[Done], path: Path) -> None:
    """Draw the table, the sentences and a strip of every run as an SVG file."""
    console = Console(
        record=True, file=io.StringIO(), width=PICTURE_WIDTH, force_terminal=True, color_system="truecolor"
    )
    console.print(summary(done))
    console.print(sentences(done))
    console.print(
        "\nWho answered, from the first request to the last: blue stable, green new, red a failure", style="dim"
    )
    strips = Table.grid(padding=(0, 2))
    for one in done:
        strips.add_row(one.record.name, strip(one.record))
    console.print(strips)
    # Rich links fonts from the web; a report needs no network.
    drawn = re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title="python -m drills all"), flags=re.DOTALL)
    report.replace(path, drawn)
