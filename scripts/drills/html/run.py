"""A drill as its files tell it: `report.json`, checked against its schema, and `requests.csv` with every request."""

from __future__ import annotations

import csv
import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jsonschema

from drills import schema
from drills.report import COLUMNS, REPORT, REQUESTS


class UnreadableError(Exception):
    """A drill's files cannot be read; the message is one line that names the file."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as its user saw it.

    Attributes:
        at_s: when it was due, seconds since the drill started.
        latency_ms: from then to the last byte of the answer.
        status: HTTP status, None without an answer.
        version: the version that answered, empty without one.
        trace_id: W3C trace id.
        method: HTTP method.
        path: path and query.
        service: the service behind the path.
        error: what was wrong with the answer, empty if nothing was.
    """

    at_s: float
    latency_ms: float
    status: int | None
    version: str
    trace_id: str
    method: str
    path: str
    service: str
    error: str


@dataclass(frozen=True)
class Run:
    """One finished drill.

    Attributes:
        name: of its folder, `<drill>-<twin>`.
        report: what report.json says.
        requests: every request, in the order in which they were due.
    """

    name: str
    report: dict[str, Any]
    requests: list[Request]

    @property
    def service(self) -> str:
        """Return the service under release."""
        return str(self.report["service"])

    @property
    def stable(self) -> str:
        """Return the version that answered before the release, empty if none did."""
        return str(self.report["stable"])

    @property
    def new(self) -> str:
        """Return the version that the release answers with."""
        return str(self.report["version"])

    @property
    def versions(self) -> list[str]:
        """Return both, the stable one first; the only one there is if they are the same or one is not known."""
        return list(dict.fromkeys(version for version in (self.stable, self.new) if version))

    @cached_property
    def released(self) -> list[Request]:
        """Return the requests to the service under release."""
        return [one for one in self.requests if one.service == self.service]

    @property
    def failures(self) -> list[Request]:
        """Return the requests that failed, of any service."""
        return [one for one in self.requests if one.error]

    @cached_property
    def end_s(self) -> float:
        """Return when the drill was over, in seconds since it started."""
        last = self.requests[-1].at_s if self.requests else 0.0
        return max(float(self.report["duration_s"]), last, 1.0)


def read(folder: Path) -> Run:
    """Read the files of one drill.

    Raises:
        UnreadableError: one of them is missing, broken, or of another form.
    """
    report = _report(folder / REPORT)
    started = datetime.datetime.fromisoformat(report["started_at"]).timestamp()
    return Run(folder.resolve().name, report, _requests(folder / REQUESTS, started))


def _report(path: Path) -> dict[str, Any]:
    try:
        report = json.loads(_text(path))
        schema.check(report)
    except ValueError as error:
        raise UnreadableError(f"{path} is no JSON: {error}") from error
    except jsonschema.ValidationError as error:
        place = "/".join(map(str, error.absolute_path)) or "the file"
        raise UnreadableError(f"{path} does not fit the schema: {place}: {_short(error.message)}") from error
    return dict(report)


def _requests(path: Path, started: float) -> list[Request]:
    rows = csv.DictReader(_text(path).splitlines())
    missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise UnreadableError(f"{path} has no column {missing[0]}")
    try:
        return sorted(_parsed(rows, started), key=lambda one: one.at_s)
    except (ValueError, TypeError, csv.Error) as error:
        raise UnreadableError(f"{path}, line {rows.line_num}: {_short(str(error))}") from error


def _parsed(rows: csv.DictReader[str], started: float) -> Iterator[Request]:
    for row in rows:
        yield Request(
            at_s=datetime.datetime.fromisoformat(row["scheduled"]).timestamp() - started,
            latency_ms=float(row["latency_ms"]),
            status=int(row["status"]) if row["status"] else None,
            **{name: row[name] for name in ("version", "trace_id", "method", "path", "service", "error")},
        )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise UnreadableError(f"{path} is missing: the drill has not come to its end") from error
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise UnreadableError(f"{path} cannot be read: {reason}") from error


def _short(message: str) -> str:
    """Return a message as one line that does not repeat a whole file."""
    line = " ".join(message.split())
    return line if len(line) <= 160 else f"{line[:157]}..."
