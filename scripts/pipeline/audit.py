"""The dependency audit: each hashed requirement file against the known vulnerabilities, by pip-audit."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline import accepted
from pipeline.errors import NotCheckedError
from pipeline.programs import Done, ask, last_line, own

# What runs in a cluster or on the machine of a developer; what only a benchmark compares with is no part of it.
FILES = [Path(part) / "requirements.txt" for part in ("services", "scripts/delivery", "scripts", "tests")]
REPORTS = Path("reports") / "audit"
# Where advisories are asked for; a team without a way out names its own mirror of it.
OSV = "https://api.osv.dev/v1/query"
OWN_OSV = "OSV_URL"


def url() -> str:
    """Return where advisories are asked for."""
    return os.environ.get(OWN_OSV) or OSV


def findings(files: list[Path] | None = None) -> list[str]:
    """Return a line for each known vulnerability of a pinned package that is not accepted.

    Args:
        files: requirement files with hashes; None for those of this repository.

    Raises:
        NotCheckedError: the advisories cannot be had.
        RefusedError: the list of what is accepted is wrong.
    """
    known = accepted.load()
    return [line for file in files or FILES for line in _vulnerable(file, _audited(file), known)]


def _audited(file: Path) -> dict[str, Any]:
    report = REPORTS / f"{'-'.join(file.parent.parts) or 'here'}.json"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    options = ["--disable-pip", "--require-hashes", "--progress-spinner", "off", "--format", "json", "--aliases", "on"]
    service = ["--vulnerability-service", "osv", "--osv-url", url()]
    done = ask([own("pip-audit"), *options, *service, "--output", report, "--requirement", file])
    try:
        return dict(json.loads(report.read_text()))
    except (OSError, ValueError):
        raise NotCheckedError(
            f"{file} was not audited, which is no pass: {url()} gives no advisories ({_why(done)});"
            f" connect to it, or name a mirror in {OWN_OSV}"
        ) from None


def _why(done: Done) -> str:
    away = any(word in done.stderr for word in ("ConnectionError", "ConnectTimeout", "ReadTimeout"))
    return "it cannot be reached" if away else last_line(done)


def _vulnerable(file: Path, report: dict[str, Any], known: frozenset[str]) -> Iterator[str]:
    for package in report["dependencies"]:
        if "skip_reason" in package:
            yield f"{file}: {package['name']} was not audited: {package['skip_reason']}"
        for found in package.get("vulns", ()):
            if not accepted.covers(known, [found["id"], *found.get("aliases", ())]):
                better = ", ".join(found["fix_versions"]) or "no version yet"
                yield f"{file}: {package['name']} {package['version']} has {found['id']}, mended in {better}"
