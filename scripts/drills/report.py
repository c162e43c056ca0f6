"""What is kept of a drill: `report.json`, checked against its schema, and `requests.csv` with every request."""

from __future__ import annotations

import csv
import datetime
import io
import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jsonschema

from drills.probes import Sample
from drills.record import Record, Step
from drills.verdict import Limits, Ruling, hurt

SCHEMA = Path(__file__).with_name("report.schema.json")
REPORT = "report.json"
REQUESTS = "requests.csv"
PAGE = "report.html"
COLUMNS = ("scheduled", "latency_ms", "status", "version", "trace_id", "method", "path", "service", "lag_ms", "error")


def write(record: Record, ruling: Ruling, limits: Limits, folder: Path) -> dict[str, Any]:
    """Write both files into `<folder>/<drill>-<twin>/` and return the report.

    Raises:
        jsonschema.ValidationError: the report does not fit its own schema.
    """
    report = as_json(record, ruling, limits)
    jsonschema.validate(report, json.loads(SCHEMA.read_text()), format_checker=jsonschema.FormatChecker())
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


def as_json(record: Record, ruling: Ruling, limits: Limits) -> dict[str, Any]:
    """Return the report as the schema describes it."""
    return {
        "drill": record.drill,
        "twin": record.twin.name,
        "service": record.service,
        "cluster": record.cluster,
        "hypothesis": record.hypothesis,
        "started_at": record.started_at,
        "duration_s": _rounded(max((step.finished_s or 0 for step in record.steps), default=0)),
        "steps": [_step(step) for step in record.steps],
        "judgements": [asdict(finding) | {"at_s": _rounded(finding.at_s)} for finding in record.findings],
        "requests": _requests(record),
        "schedule": asdict(record.schedule) if record.schedule else None,
        "harm": {"requests": len(hurt(record, limits)), "allowed": limits.hurt},
        "time_to_detect_s": _rounded(record.time_to_detect_s),
        "time_to_roll_back_s": _rounded(record.time_to_roll_back_s),
        "outcome": record.outcome or None,
        "verdict": ruling.verdict,
        "reason": ruling.reason,
    }


def counts(samples: Sequence[Sample]) -> dict[str, dict[str, dict[str, int]]]:
    """Return the number of requests by service, version and status, 'none' where there was no answer."""
    table: dict[str, dict[str, dict[str, int]]] = {}
    kinds = Counter((sample.service, sample.version or "none", str(sample.status or "none")) for sample in samples)
    for (service, version, status), number in sorted(kinds.items()):
        table.setdefault(service, {}).setdefault(version, {})[status] = number
    return table


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
