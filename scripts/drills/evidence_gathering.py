"""Gathering the evidence: after the drill, when users are back on stable, and no longer than it is worth."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from cluster.elasticsearch import Line
from cluster.jaeger import Trace
from drills.annotations import Annotator
from drills.evidence import Evidence, Logs, Telemetry, Traces, unasked, worth_a_look
from drills.evidence_asking import Pursuit, Question
from drills.interrupts import Interrupted, Interrupts
from drills.record import Record

# All of the evidence of one drill: as long as the latest telemetry takes, so that the last request has its chance.
LIMIT_SECONDS = 15.0
# Marks were sent all along, and those of the end had the time of the gathering.
CLOSE_SECONDS = 1.0


def collect(
    record: Record,
    telemetry: Telemetry,
    versions: Callable[[], dict[str, str]],
    annotator: Annotator,
    say: Callable[[str], None],
) -> Evidence:
    """Return the evidence on a drill that is over, and what became of its marks.

    Args:
        record: of the drill; a signal that comes meanwhile ends the gathering and is written down in it.
        telemetry: who is asked.
        versions: returns the versions of what took part.
        annotator: who made the marks; it is closed.
        say: receives a line for people.
    """
    with Interrupts(say) as interrupts:
        try:
            evidence = _unless_interrupted(record, telemetry, versions)
        except Interrupted as interrupted:
            record.signal = interrupted.number
            evidence = unasked(telemetry, str(interrupted))
        with interrupts.held():
            marks = annotator.close(time.monotonic() + CLOSE_SECONDS)
    return replace(evidence, sources={**evidence.sources, "annotations": marks})


def _unless_interrupted(record: Record, telemetry: Telemetry, versions: Callable[[], dict[str, str]]) -> Evidence:
    """Gather, unless a person who has interrupted the drill waits for it to end."""
    try:
        return unasked(telemetry, record.error) if record.signal else gather(record, telemetry, versions, LIMIT_SECONDS)
    except Exception as error:  # noqa: BLE001 - the verdict stands, whatever goes wrong here
        return unasked(telemetry, f"{type(error).__name__}: {' '.join(str(error).split())}")


def gather(
    record: Record,
    telemetry: Telemetry,
    versions: Callable[[], dict[str, str]],
    limit: float,
) -> Evidence:
    """Return what is known of the requests of a drill that failed or were slow.

    Args:
        record: of a drill that is over.
        telemetry: who is asked.
        versions: returns the versions of what took part.
        limit: seconds that it may take.
    """
    deadline = time.monotonic() + limit
    wanted, left_out = worth_a_look(record)
    metrics = Question(telemetry.metrics.name, telemetry.metrics.version, "unknown")
    others: Question[dict[str, str]] = Question("the cluster", versions, {})
    traces = Pursuit(telemetry.traces.name, wanted, lambda ids: _traces(telemetry.traces, ids))
    logs = Pursuit(telemetry.logs.name, wanted, lambda ids: _lines(telemetry.logs, ids))
    for each in (metrics, others, traces, logs):
        each.wait(deadline)
    requests = [
        replace(
            each,
            trace=traces.found.get(each.sample.trace_id),
            trace_missing=traces.missing(each.sample.trace_id),
            lines=logs.found.get(each.sample.trace_id, ()),
            lines_missing=logs.missing(each.sample.trace_id),
        )
        for each in wanted
    ]
    sources = {"metrics": metrics.source, "traces": traces.source, "logs": logs.source}
    return Evidence(sources, requests, left_out, {**others.answer, "prometheus": metrics.answer})


def _traces(source: Traces, ids: Sequence[str]) -> Iterator[tuple[str, Trace]]:
    for trace_id in ids:
        trace = source.trace(trace_id)
        if trace is not None:
            yield trace_id, trace


def _lines(source: Logs, ids: Sequence[str]) -> Iterator[tuple[str, tuple[Line, ...]]]:
    grouped: dict[str, list[Line]] = {}
    for line in source.lines(ids):
        grouped.setdefault(line.trace_id, []).append(line)
    for trace_id, lines in grouped.items():
        yield trace_id, tuple(lines)
