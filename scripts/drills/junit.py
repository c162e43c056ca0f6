"""One JUnit file over all drills of a run, for the viewers that continuous integration servers have."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from drills.report import replace
from drills.verdict import FAILED, PASSED

JUNIT = "junit.xml"


def write(names: Sequence[str], reports: dict[str, dict[str, Any]], folder: Path) -> Path:
    """Write the file and return its path.

    Args:
        names: every drill of the run as `<drill>-<twin>`; one without a report counts as skipped, never as passed.
        reports: the reports there are so far, by name.
        folder: where to write it.
    """
    done = list(reports.values())
    suite = ET.Element(
        "testsuite",
        name="drills",
        tests=str(len(names)),
        failures=str(sum(report["verdict"] == FAILED for report in done)),
        errors=str(sum(report["verdict"] not in (PASSED, FAILED) for report in done)),
        skipped=str(len(names) - len(done)),
        time=f"{sum(report['duration_s'] for report in done):.3f}",
    )
    if done:
        suite.set("timestamp", min(report["started_at"] for report in done))
    for name in names:
        _case(suite, name, reports.get(name))
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    replace(folder / JUNIT, ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n")
    return folder / JUNIT


def _case(suite: ET.Element, name: str, report: dict[str, Any] | None) -> None:
    if report is None:
        case = ET.SubElement(suite, "testcase", classname="drills", name=name, time="0")
        ET.SubElement(case, "skipped", message="not run")
        return
    case = ET.SubElement(
        suite, "testcase", classname=f"drills.{report['drill']}", name=name, time=f"{report['duration_s']:.3f}"
    )
    if report["verdict"] != PASSED:
        kind = "failure" if report["verdict"] == FAILED else "error"
        ET.SubElement(case, kind, type=report["verdict"], message=report["reason"]).text = report["reason"]
    ET.SubElement(case, "system-out").text = f"{report['verdict']}: {report['reason']}"
