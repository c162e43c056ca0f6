"""What telemetry says about single requests of a drill: it explains the verdict and has no part in it.

`Telemetry` is all that a drill knows of Prometheus, Jaeger, Elasticsearch and Grafana; tests put other parts in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NoReturn, Protocol

from cluster.elasticsearch import Line
from cluster.errors import Absent
from cluster.jaeger import Trace
from drills.probes import Sample
from drills.record import Record

ASKED = "asked"
ABSENT = "absent"
FAILED = "failed"
# The first failures show how it began and the last how it ended; those between are more of the same.
FIRST_FAILED, LAST_FAILED = 20, 5
# Of each version, so that a slow release can be set beside what is usual.
SLOWEST = 5


class Metrics(Protocol):
    """Who counts requests: the analysis asks it during the drill, the evidence only whether it is there."""

    @property
    def name(self) -> str:
        """Return how people call it."""

    def version(self) -> str:
        """Return its version; raises Absent or another ClusterError."""


class Traces(Protocol):
    """Who keeps traces."""

    @property
    def name(self) -> str:
        """Return how people call it."""

    def trace(self, trace_id: str) -> Trace | None:
        """Return a trace, None if it is not known; raises Absent or another ClusterError."""


class Logs(Protocol):
    """Who keeps log lines."""

    @property
    def name(self) -> str:
        """Return how people call it."""

    def lines(self, trace_ids: Sequence[str]) -> Iterable[Line]:
        """Return the lines of these requests; raises Absent or another ClusterError."""


class Annotations(Protocol):
    """Who shows marks on dashboards."""

    @property
    def name(self) -> str:
        """Return how people call it."""

    def mark(self, time_ms: int, tags: Sequence[str], text: str) -> int:
        """Mark a moment and return the mark's id; raises Absent or another ClusterError."""

    def stretch(self, annotation: int, end_ms: int) -> None:
        """Let a mark end at a time; raises a ClusterError."""


class Nothing:
    """Stands in for what a system has not.

    Args:
        name: how people call it.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def _absent(self, *_arguments: object) -> NoReturn:
        raise Absent(f"this system has no {self.name}")

    version = trace = lines = mark = stretch = _absent


@dataclass(frozen=True)
class Telemetry:
    """Everything that remembers what a system did."""

    metrics: Metrics = field(default_factory=lambda: Nothing("Prometheus"))
    traces: Traces = field(default_factory=lambda: Nothing("Jaeger"))
    logs: Logs = field(default_factory=lambda: Nothing("Elasticsearch"))
    annotations: Annotations = field(default_factory=lambda: Nothing("Grafana"))


@dataclass(frozen=True)
class Source:
    """What became of asking one of them.

    Attributes:
        name: how people call it.
        state: asked, absent or failed.
        reason: one line, which may be empty if it was asked.
    """

    name: str
    state: str
    reason: str = ""


@dataclass(frozen=True)
class Found:
    """What is known of one request.

    Attributes:
        why: why it was looked up, failed or slowest.
        sample: the request as its user saw it.
        trace: its trace, None if there is none.
        trace_missing: then why, in one sentence.
        lines: its log lines, in order of time.
        lines_missing: why there are none, in one sentence.
    """

    why: str
    sample: Sample
    trace: Trace | None = None
    trace_missing: str = ""
    lines: tuple[Line, ...] = ()
    lines_missing: str = ""


@dataclass(frozen=True)
class Evidence:
    """Everything that was found.

    Attributes:
        sources: by what they keep: metrics, traces, logs and annotations.
        requests: failed ones first, in order of time, then the slowest.
        left_out: failed requests beyond what is looked up.
        versions: of what took part, by name.
    """

    sources: dict[str, Source]
    requests: list[Found] = field(default_factory=list)
    left_out: int = 0
    versions: dict[str, str] = field(default_factory=dict)


def unasked(telemetry: Telemetry, reason: str) -> Evidence:
    """Return the evidence where nobody was asked, and why not."""
    names = ("metrics", "traces", "logs", "annotations")
    return Evidence({name: Source(getattr(telemetry, name).name, FAILED, reason) for name in names})


def worth_a_look(record: Record) -> tuple[list[Found], int]:
    """Return the requests to look up, with nothing known of them yet, and how many failed ones are left out."""
    failed = [sample for sample in record.requests if sample.failed]
    shown = failed if len(failed) <= FIRST_FAILED + LAST_FAILED else failed[:FIRST_FAILED] + failed[-LAST_FAILED:]
    wanted = [Found("failed", sample) for sample in shown]
    for version in (record.version, record.stable):
        wanted += [Found("slowest", sample) for sample in _slowest(record, version)]
    return wanted, len(failed) - len(shown)


def _slowest(record: Record, version: str) -> list[Sample]:
    """Return the slowest right answers of a version while both could be met."""
    right = [
        sample
        for sample in record.between(record.acted_s, record.settled_s)
        if sample.service == record.service and sample.version == version and not sample.failed
    ]
    return sorted(right, key=lambda sample: sample.latency_ms, reverse=True)[:SLOWEST]
