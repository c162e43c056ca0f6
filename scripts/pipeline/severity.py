"""Which vulnerabilities of an image stop it: a decision on what the scanner found, made here and not by the scanner."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline import accepted
from pipeline.errors import NotCheckedError, RefusedError

# Grype's words from harmless to grave. One that it gives no severity is not thereby harmless.
ORDER = ("negligible", "low", "medium", "high", "critical")
UNKNOWN = "high"
THRESHOLD = "high"
WORST = ORDER[-1]


def above(report: Any, known: frozenset[str], threshold: str = THRESHOLD) -> list[str]:
    """Return a line for each vulnerability that stops an image, the gravest first.

    From the threshold on, one that has been mended stops it: an update is all it takes. The worst stop it in any case.

    Args:
        report: what Grype wrote as JSON.
        known: identifiers that are accepted.
        threshold: one of ORDER.

    Raises:
        RefusedError: there is no such threshold.
        NotCheckedError: that is no report.
    """
    if threshold not in ORDER:
        raise RefusedError(f"SCAN_THRESHOLD={threshold} is none: choose {', '.join(ORDER)}")
    try:
        found = sorted(_stopping(report["matches"], known, threshold), reverse=True)
    except (KeyError, TypeError, AttributeError):
        raise NotCheckedError("the scanner wrote no report that can be read") from None
    return [line for _rank, line in dict.fromkeys(found)]


def _stopping(matches: list[dict[str, Any]], known: frozenset[str], threshold: str) -> Iterator[tuple[int, str]]:
    for match in matches:
        found, package = match["vulnerability"], match["artifact"]
        names = [found["id"], *(each["id"] for each in match.get("relatedVulnerabilities") or ())]
        severity = str(found.get("severity") or "").lower()
        rank = ORDER.index(severity if severity in ORDER else UNKNOWN)
        mended = ", ".join((found.get("fix") or {}).get("versions") or ())
        grave = rank >= ORDER.index(threshold) and (mended or ORDER[rank] == WORST)
        if grave and not accepted.covers(known, names):
            better = f"mended in {mended}" if mended else "not mended yet"
            yield rank, f"{package['name']} {package['version']} has {found['id']} ({severity or 'unknown'}), {better}"
