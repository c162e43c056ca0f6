"""The page of one drill: everything in one file, so that it can be mailed, archived and read without a network."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from drills.html import evidence, key, requests, words
from drills.html.chart import Chart
from drills.html.run import Run, read
from drills.html.story import story
from drills.html.table import table
from drills.html.timeline import timeline
from drills.report import PAGE, REPORT, REQUESTS, replace
from drills.twins import PROMOTED, TWINS

HERE = Path(__file__).parent


def write(folder: Path) -> Path:
    """Draw the page of the drill in a folder and return its path.

    Raises:
        UnreadableError: the drill's files are missing or broken.
    """
    page = folder / PAGE
    replace(page, render(read(folder)))
    return page


def render(run: Run) -> str:
    """Return the page of a run."""
    report, chart = run.report, Chart.of(run)
    return (
        environment()
        .get_template("report.html")
        .render(
            run=run,
            report=report,
            twin=TWINS[report["twin"]],
            expected=_expected(report),
            story=story(run),
            figures=key.figures(report),
            latencies=list(key.latencies(report)),
            timeline=timeline(chart),
            table=table(chart),
            judged=[evidence.judged(said) for said in report["judgements"]],
            failed=requests.looked_up(run, "failed"),
            slowest=requests.looked_up(run, "slowest"),
            left_out=requests.failed_left_out(run),
            prober=evidence.prober(report["schedule"]),
            files=(REPORT, REQUESTS),
        )
    )


@cache
def environment() -> jinja2.Environment:
    """Return the templates; whatever they are given is escaped, and what they are not given is an error."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        seconds=words.seconds,
        ms=words.milliseconds,
        percent=words.percent,
        unbroken=words.unbroken,
        short=words.shortened,
        day=day,
    )
    made.globals.update(
        symbols=words.SYMBOLS,
        outcomes=words.OUTCOMES,
        count=words.count,
        meter=evidence.meter,
        style=_asset("style.css"),
        script=_asset("script.js"),
    )
    return made


def day(started_at: str) -> str:
    """Return a moment for people, in UTC as the files have it."""
    return f"{datetime.fromisoformat(started_at):%Y-%m-%d %H:%M:%S} UTC"


def _expected(report: dict[str, Any]) -> str:
    """Return what should have become of the release, and what became of it."""
    twin, outcome = TWINS[report["twin"]], report["outcome"]
    expected = report.get("expected", twin.expected)
    nature = "sound" if twin.expected == PROMOTED else "faulty on purpose"
    came = "and was" if outcome == expected else f"but was {words.OUTCOMES[outcome]}"
    return f"The release was {nature}: it had to be {words.OUTCOMES[expected]}, {came}."


def _asset(name: str) -> Markup:
    """Return a file of ours as it is: it goes into the page, which loads nothing."""
    return Markup((HERE / name).read_text(encoding="utf-8"))  # noqa: S704 - our own file, nobody's input


def summary(report: dict[str, Any]) -> str:
    """Return the verdict of a report in one line, for lists."""
    return f"{words.SYMBOLS[report['verdict']]} {report['verdict']}: {report['reason']}"
