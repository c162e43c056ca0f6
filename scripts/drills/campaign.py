"""Several drills in a row: each is recorded, judged and reported before the next begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from drills import history, junit, report
from drills.annotations import Annotator, annotated
from drills.console import Done, watching
from drills.evidence import Evidence
from drills.evidence_gathering import collect
from drills.experiment import Drill, Experiment, System, Timing
from drills.html import index, page
from drills.latency import percentiles
from drills.record import Record
from drills.twins import VERSION, Twin
from drills.verdict import Limits, judge


@dataclass(frozen=True)
class Run:
    """One drill with one twin, on one service, within the limits of what users can bear."""

    drill: Drill
    twin: Twin
    service: str
    limits: Limits

    @property
    def name(self) -> str:
        """Return the name that reports and tables use."""
        return f"{self.drill.name}-{self.twin.name}"


class Campaign:
    """Carries out runs on one system.

    Args:
        system: what they act on.
        folder: where the reports go.
        rate: requests per second, for the record.
        console: where progress is shown.
        timing: how long users are watched.
    """

    def __init__(
        self, system: System, folder: Path, rate: float, console: Console, timing: Timing | None = None
    ) -> None:
        self._system = system
        self._folder = folder
        self._rate = rate
        self._console = console
        self._timing = timing or Timing()
        self.done: list[Done] = []

    def carry_out(self, runs: Sequence[Run]) -> int:
        """Carry out the runs and return the number of the signal that ended them early, 0 if none did."""
        reports: dict[str, dict[str, Any]] = {}
        names = [run.name for run in runs]
        for run in runs:
            report.clear(run.name, self._folder)
        junit.write(names, reports, self._folder)
        self._draw(names)
        for run in runs:
            one, evidence = self._one(run)
            reports[run.name] = self._report(run, one, evidence)
            junit.write(names, reports, self._folder)
            self._draw(names, run.name)
            self.done.append(one)
            if one.record.signal:
                return one.record.signal
        return 0

    @property
    def start(self) -> Path:
        """Return the page to look at first: of the drill if there was only one, else the index over all."""
        only = self._folder / self.done[0].record.name / report.PAGE if len(self.done) == 1 else None
        return only if only and only.exists() else self._folder / index.INDEX

    def _draw(self, names: Sequence[str], *finished: str) -> None:
        """Draw the pages of drills that ended, and the index; a picture that fails must not cost a verdict."""
        try:
            for name in finished:
                page.write(self._folder / name)
            index.write(self._folder, names)
        except Exception as error:  # noqa: BLE001 - see above; the command that is named raises it again
            self._console.print(f"{error}: no page; see python -m drills report", markup=False, soft_wrap=True)

    def _one(self, run: Run) -> tuple[Done, Evidence]:
        record = self._record(run)
        annotator = annotated(record, self._system.telemetry.annotations)
        experiment = Experiment(run.drill, run.twin, self._system, record, self._timing, self._console.print)
        with watching(record, self._console):
            experiment.run()
        ruling = judge(record, run.limits)
        annotator.finish(ruling.verdict, ruling.reason)
        self._console.print(
            f"{record.name:<18} {ruling.verdict}: {ruling.reason}", markup=False, highlight=False, soft_wrap=True
        )
        return Done(record, ruling), self._evidence(record, annotator)

    def _record(self, run: Run) -> Record:
        return Record(
            drill=run.drill.name,
            twin=run.drill.release(run.twin),
            service=run.service,
            cluster=self._system.name,
            hypothesis=run.drill.hypothesis(),
            version=VERSION,
            rate=self._rate,
        )

    def _evidence(self, record: Record, annotator: Annotator) -> Evidence:
        """Gather what explains the verdict, which stands already; a signal ends that and the campaign."""
        with self._console.status("traces and log lines of the requests that failed"):
            return collect(record, self._system.telemetry, self._system.versions, annotator, self._console.print)

    def _report(self, run: Run, one: Done, evidence: Evidence) -> dict[str, Any]:
        which = {"drill": run.drill.name, "twin": run.twin.name, "service": run.service, "cluster": self._system.name}
        background = report.Background(evidence, previous=history.previous(which, self._folder))
        written = report.write(one.record, one.ruling, run.limits, self._folder, background)
        history.remember(written, percentiles(one.record.requests), self._folder)
        return written
