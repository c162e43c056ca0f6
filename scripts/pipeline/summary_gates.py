"""The part of the summary that tests and gates fill: counts, and what was found in packages and images."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from pipeline.markdown import table

COUNTS = ("tests", "failures", "errors", "skipped")


def read(path: Path) -> Any:
    """Return what a JSON file says, None if it is damaged."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def tests(reports: Path) -> list[str]:
    """Return how many tests there were, a line for each JUnit file, and which of them failed."""
    suites = [(path, suite) for path in sorted(reports.glob("**/*.xml")) for suite in _suites(path)]
    if not suites:
        return []
    rows = [(path.parent.name, path.stem, *(suite.get(name, "0") for name in COUNTS)) for path, suite in suites]
    failed = [_failed(case) for _path, suite in suites for case in suite.iter("testcase") if _bad(case) is not None]
    more = ["", *table(("failed", "why"), failed)] if failed else []
    return [*table(("from", "run", *COUNTS), rows), *more]


def parts(reports: Path) -> list[str]:
    """Return what was listed and looked up: bills of materials, audits and scans."""
    rows = [*_sboms(reports), *_audits(reports), *_scans(reports)]
    return table(("what", "looked at", "found"), rows) if rows else []


def _suites(path: Path) -> Iterator[ET.Element]:
    try:
        yield from ET.parse(path).getroot().iter("testsuite")  # noqa: S314 - written by our own run
    except ET.ParseError:
        return


def _bad(case: ET.Element) -> ET.Element | None:
    return next((each for each in case if each.tag in ("failure", "error")), None)


def _failed(case: ET.Element) -> tuple[str, str]:
    bad = _bad(case)
    return f"{case.get('classname')}.{case.get('name')}", (bad.get("message") or "") if bad is not None else ""


def _sboms(reports: Path) -> Iterator[tuple[str, str, str]]:
    for path in sorted(reports.glob("**/*.cdx.json")):
        content = read(path)
        if isinstance(content, dict):
            yield (
                "bill of materials",
                path.name.removesuffix(".cdx.json"),
                f"{len(content.get('components', ()))} parts",
            )


def _audits(reports: Path) -> Iterator[tuple[str, str, str]]:
    for path in sorted(reports.glob("**/audit/*.json")):
        packages = (read(path) or {}).get("dependencies", [])
        known = [found["id"] for package in packages for found in package.get("vulns", ())]
        yield (
            "audit of packages",
            path.stem,
            f"{len(packages)} packages, {', '.join(known) or 'nothing known against them'}",
        )


def _scans(reports: Path) -> Iterator[tuple[str, str, str]]:
    for path in sorted(reports.glob("**/scan/*.json")):
        matches = (read(path) or {}).get("matches", [])
        counts = Counter(str(match["vulnerability"].get("severity") or "Unknown") for match in matches)
        yield "scan of an image", path.stem, ", ".join(f"{count} {name}" for name, count in counts.items()) or "nothing"
