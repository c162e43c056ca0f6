"""What a reviewer reads: one page of Markdown over all that a run left in reports/, the verdict first."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline import summary_gates
from pipeline.markdown import escaped, section, table

REPORTS = Path("reports")
# GitHub gives the results of the jobs that came before, and shows what is appended to this file.
NEEDS, PAGE = "NEEDS", "GITHUB_STEP_SUMMARY"
PASSED = "Passed"


def write(reports: Path = REPORTS) -> str:
    """Return the page, and append it to the summary of the workflow if there is one."""
    page = "\n".join(lines(reports, json.loads(os.environ.get(NEEDS) or "{}"))) + "\n"
    if os.environ.get(PAGE):
        with Path(os.environ[PAGE]).open("a") as file:
            file.write(page)
    return page


def lines(reports: Path, needs: dict[str, Any]) -> list[str]:
    """Return the page, line by line.

    Args:
        reports: folder with the reports, each wherever its artifact put it.
        needs: results of jobs, as GitHub gives them.
    """
    drills, releases = list(found(reports, "report.json", "drill")), list(_releases(reports))
    return [
        f"## {_verdict(drills, releases, needs)}",
        "",
        *section("Releases", _release_table(releases)),
        *section(
            "Jobs", table(("job", "result"), [(name, job["result"]) for name, job in needs.items()]) if needs else []
        ),
        *section("Drills", _drill_table(drills)),
        *section("Tests", summary_gates.tests(reports)),
        *section("Packages and images", summary_gates.parts(reports)),
    ]


def found(reports: Path, name: str, key: str) -> Iterator[dict[str, Any]]:
    """Yield what the JSON files of a name say, those that have a key; one that is damaged is no evidence."""
    for path in sorted(reports.glob(f"**/{name}")):
        content = summary_gates.read(path)
        if isinstance(content, dict) and key in content:
            yield content


def _releases(reports: Path) -> Iterator[dict[str, Any]]:
    return (each for each in found(reports, "*.json", "outcome") if "strategy" in each)


def _verdict(drills: list[dict[str, Any]], releases: list[dict[str, Any]], needs: dict[str, Any]) -> str:
    bad = [f"{name}: {job['result']}" for name, job in needs.items() if job["result"] not in ("success", "skipped")]
    bad += [f"drill {each['drill']} {each['twin']}: {each['verdict']}" for each in drills if each["verdict"] != PASSED]
    bad += [f"{each['service']}: {each['outcome']}" for each in releases if each["outcome"] != "Promoted"]
    if bad:
        return f"Not good: {escaped('; '.join(bad))}"
    return "All that was looked at is good" if drills or releases or needs else "Nothing was looked at"


def _drill_table(drills: list[dict[str, Any]]) -> list[str]:
    if not drills:
        return []
    rows = [
        (each.get("cluster", ""), each["drill"], each["twin"], each["verdict"], _users(each), each.get("reason", ""))
        for each in sorted(drills, key=_worst_first)
    ]
    return table(("cluster", "drill", "release", "verdict", "requests failed", "why"), rows)


def _worst_first(report: dict[str, Any]) -> tuple[bool, str, str]:
    return report["verdict"] == PASSED, report.get("cluster", ""), report["drill"]


def _users(report: dict[str, Any]) -> str:
    requests = report.get("requests") or {}
    return f"{requests.get('failed', '?')} of {requests.get('total', '?')}"


def _release_table(releases: list[dict[str, Any]]) -> list[str]:
    if not releases:
        return []
    rows = [(each["service"], each["image"], each["strategy"], each["outcome"], each["reason"]) for each in releases]
    stays = [
        f"Users of {escaped(each['service'])} stay on the version that served them before."
        for each in releases
        if each["outcome"] == "RolledBack"
    ]
    return [*table(("service", "image", "strategy", "outcome", "why"), rows), *(["", *stays] if stays else [])]
