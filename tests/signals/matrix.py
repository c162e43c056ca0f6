"""The signal matrix, and what of it is missing from what was seen: pure, so that each gap can be made on purpose."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cluster.elasticsearch import Line
from cluster.jaeger import Span

FOLDER = Path(__file__).resolve().parents[2] / "observability" / "signals"
# The requests, by the service that they are sent to.
PAGES = {path.stem: path.read_text() for path in sorted(FOLDER.glob("*.yaml"))}
KINDS = ("metric", "span", "log")
KEYS = {"part", *KINDS}
NONE = "none"
# Of one metric: value by labels.
Values = Mapping[frozenset[tuple[str, str]], float]


@dataclass(frozen=True)
class Entry:
    """One service or edge.

    Attributes:
        part: its name.
        metric: query of Prometheus, empty for none.
        span: service, name and the entry that it is under, empty for none.
        log: fields of a log line, empty for none.
    """

    part: str
    metric: str
    span: Mapping[str, str]
    log: Mapping[str, str]


@dataclass
class Seen:
    """What one request left behind.

    Attributes:
        before: values of each entry's metric before the request, by part and labels; pods come and go, so a sum would
            say nothing.
        after: likewise after it.
        spans: the request's trace.
        lines: the lines of the log that bear its id.
    """

    before: dict[str, Values] = field(default_factory=dict)
    after: dict[str, Values] = field(default_factory=dict)
    spans: Sequence[Span] = ()
    lines: Sequence[Line] = ()


class MatrixError(Exception):
    """The matrix cannot be read; one line."""


def request_of(text: str) -> tuple[str, str]:
    """Return method and path of the request that leaves the signals behind."""
    method, path = yaml.safe_load(text)["request"].split()
    return method, path


def load(text: str, **values: str) -> list[Entry]:
    """Return the entries of the matrix.

    Args:
        text: the YAML.
        values: what its words in braces stand for.

    Raises:
        MatrixError: an entry lacks something, or refers to none.
    """
    entries = [_entry(body, values) for body in yaml.safe_load(text)["signals"]]
    parts = [entry.part for entry in entries]
    for entry in entries:
        above = entry.span.get("under")
        if above and above not in parts:
            raise MatrixError(f"{entry.part}: its span is under {above}, which is no entry")
    if len(set(parts)) < len(parts):
        raise MatrixError("two entries have one name")
    return entries


def _entry(body: Mapping[str, Any], values: Mapping[str, str]) -> Entry:
    if set(body) != KEYS:
        raise MatrixError(f"{body.get('part', 'an entry')}: it needs {', '.join(sorted(KEYS))}; say `none` and why")
    metric, span, log = ("" if body[kind] == NONE else _filled(body[kind], values) for kind in KINDS)
    return Entry(body["part"], str(metric).strip(), span or {}, log or {})


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, values) for key, item in value.items()}
    text = str(value)
    for name, meaning in values.items():
        text = text.replace(f"{{{name}}}", meaning)
    return text


def gaps(entries: Sequence[Entry], seen: Seen, kinds: Sequence[str] = KINDS) -> list[str]:
    """Return a sentence for every signal that is missing; it begins with the part and the kind of signal."""
    finders = {"metric": _metric_gap, "span": _span_gap, "log": _log_gap}
    found = (finders[kind](entry, entries, seen) for entry in entries for kind in kinds if getattr(entry, kind))
    return [gap for gap in found if gap]


def _metric_gap(entry: Entry, _entries: Sequence[Entry], seen: Seen) -> str:
    before, after = seen.before.get(entry.part, {}), seen.after.get(entry.part, {})
    if not after:
        return f"{entry.part}: metric: there is no {entry.metric}"
    rose = any(value - before.get(labels, 0.0) >= 1 for labels, value in after.items())
    return "" if rose else f"{entry.part}: metric: {entry.metric} did not rise"


def _span_gap(entry: Entry, entries: Sequence[Entry], seen: Seen) -> str:
    candidates = list(_spans(entry, seen.spans))
    wanted = f"{entry.span['service']}: {entry.span['name']}"
    if not candidates:
        there = ", ".join(sorted({f"{span.service}: {span.name}" for span in seen.spans})) or "nothing"
        return f"{entry.part}: span: no {wanted} in the trace, which has {there}"
    above = next((each for each in entries if each.part == entry.span.get("under")), None)
    if above is None or any(_is_under(span, above, seen.spans) for span in candidates):
        return ""
    return f"{entry.part}: span: {wanted} is not under the span of {above.part}"


def _spans(entry: Entry, spans: Sequence[Span]) -> Iterator[Span]:
    for span in spans:
        if re.fullmatch(entry.span["service"], span.service) and re.fullmatch(entry.span["name"], span.name):
            yield span


def _is_under(span: Span, above: Entry, spans: Sequence[Span]) -> bool:
    by_id = {each.span_id: each for each in spans}
    wanted = {each.span_id for each in _spans(above, spans)}
    parent = span.parent_id
    for _ in spans:  # ids come from outside: a loop of parents shall not hang a test
        if parent is None or parent in wanted:
            break
        parent = by_id[parent].parent_id if parent in by_id else None
    return parent in wanted


def _log_gap(entry: Entry, _entries: Sequence[Entry], seen: Seen) -> str:
    if any(_fits(line, entry.log) for line in seen.lines):
        return ""
    return f"{entry.part}: log: none of the trace's {len(seen.lines)} lines has {_words(entry.log)}"


def _fits(line: Line, fields: Mapping[str, str]) -> bool:
    return all(re.fullmatch(pattern, line.fields.get(name, "")) for name, pattern in fields.items())


def _words(fields: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {pattern}" for name, pattern in fields.items())
