"""What is kept of a drill: `report.json`, checked against its schema, and `requests.csv` with every request."""

from __future__ import annotations

import csv
import datetime
import io
import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from delivery.slo import Slo, load_slo
from drills import evidence_report, schema
from drills.evidence import Evidence, Telemetry, unasked
from drills.evidence_budget import error_budget
from drills.latency import by_version
from drills.probes import Sample
from drills.record import Record, Step
from drills.verdict import Limits, Ruling, hurt

REPORT = "report.json"
REQUESTS = "requests.csv"
PAGE = "report.html"
# Versions that are told in any case.
ALWAYS = ("python", "kubernetes", "prometheus", "revision")
UNKNOWN = "unknown"
COLUMNS = ("scheduled", "latency_ms", "status", "version", "trace_id", "method", "path", "service", "lag_ms", "error")


@dataclass(frozen=True)
class Background:
    """What stands beside the verdict and has no part in it.

    Attributes:
        evidence: what telemetry knows of single requests.
        objectives: returns those of a service.
        previous: figures of the run before, None if none is known.
    """

    evidence: Evidence = field(default_factory=lambda: unasked(Telemetry(), "nobody was asked"))
    objectives: Callable[[str], Slo] = load_slo
    previous: dict[str, Any] | None = None


NOTHING = Background()


def write(
    record: Record, ruling: Ruling, limits: Limits, folder: Path, background: Background = NOTHING
) -> dict[str, Any]:
    """Write both files into `<folder>/<drill>-<twin>/` and return the report.

    Raises:
        jsonschema.ValidationError: the report does not fit its own schema.
    """
    report = as_json(record, ruling, limits, background)
    schema.check(report)
    place = folder / record.name
    replace(place / REQUESTS, _csv(record.requests))
    replace(place / REPORT, json.dumps(report, indent=2) + "\n")
    return report


def clear(name: str, folder: Path) -> None:
    """Remove what an earlier run of this drill left, so that no old verdict outlives a run that was killed."""
    for file in (REPORT, REQUESTS, PAGE):
        (folder / name / file).unlink(missing_ok=True)


def replace(path: Path, text: str) -> None:
    """Write a file so that readers see the old one or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def as_json(record: Record, ruling: Ruling, limits: Limits, background: Background = NOTHING) -> dict[str, Any]:
    """Return the report as the schema describes it."""
    return {
        "drill": record.drill,
        "twin": record.twin.name,
        "service": record.service,
        "cluster": record.cluster,
        "stable": record.stable,
        "version": record.version,
        "slo": _slo(background.objectives(record.service)),
        "hypothesis": record.hypothesis,
        "started_at": record.started_at,
        "duration_s": _rounded(max((step.finished_s or 0 for step in record.steps), default=0)),
        "steps": [_step(step) for step in record.steps],
        "judgements": [asdict(finding) | {"at_s": _rounded(finding.at_s)} for finding in record.findings],
        "requests": _requests(record),
        "schedule": asdict(record.schedule) if record.schedule else None,
        "latency": by_version(record.requests, record.service),
        "harm": {"requests": len(hurt(record, limits)), "allowed": limits.hurt},
        "time_to_detect_s": _rounded(record.time_to_detect_s),
        "time_to_roll_back_s": _rounded(record.time_to_roll_back_s),
        "outcome": record.outcome or None,
        "expected": record.twin.expected,
        "verdict": ruling.verdict,
        "reason": ruling.reason,
        "broken": record.broken,
        "said": record.said,
        "evidence": _evidence(record, background),
        "versions": _versions(background.evidence),
        "previous": background.previous,
    }


def counts(samples: Sequence[Sample]) -> dict[str, dict[str, dict[str, int]]]:
    """Return the number of requests by service, version and status, 'none' where there was no answer."""
    table: dict[str, dict[str, dict[str, int]]] = {}
    kinds = Counter((sample.service, sample.version or "none", str(sample.status or "none")) for sample in samples)
    for (service, version, status), number in sorted(kinds.items()):
        table.setdefault(service, {}).setdefault(version, {})[status] = number
    return table


def _slo(slo: Slo) -> dict[str, float]:
    return {
        "threshold_ms": slo.objectives.latency.threshold_seconds * 1000,
        "latency_share": slo.objectives.latency.share,
        "availability": slo.objectives.availability,
    }


def _evidence(record: Record, background: Background) -> dict[str, Any]:
    budget = error_budget(record.requests, record.rate, background.objectives)
    return evidence_report.as_json(record, background.evidence, budget)


def _versions(evidence: Evidence) -> dict[str, str]:
    told = {name: version for name, version in evidence.versions.items() if version}
    return {**dict.fromkeys(ALWAYS, UNKNOWN), **told}


def _step(step: Step) -> dict[str, Any]:
    times = {"started_s": _rounded(step.started_s), "finished_s": _rounded(step.finished_s)}
    return {"name": step.name, "detail": step.detail} | times


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _requests(record: Record) -> dict[str, Any]:
    samples = record.requests
    failures = [_failure(record, sample) for sample in samples if sample.failed]
    return {
        "total": len(samples),
        "failed": len(failures),
        "by_version_and_status": counts(samples),
        "failures": failures,
    }


def _failure(record: Record, sample: Sample) -> dict[str, Any]:
    kept = ("latency_ms", "status", "version", "trace_id", "method", "path", "error")
    when = {"scheduled": _utc(sample.scheduled), "at_s": round(sample.scheduled - record.started, 3)}
    return when | {name: getattr(sample, name) for name in kept}


def _csv(samples: list[Sample]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for sample in samples:
        writer.writerow([_utc(sample.scheduled), *(getattr(sample, name) for name in COLUMNS[1:])])
    return text.getvalue()


def _utc(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat(timespec="microseconds")
