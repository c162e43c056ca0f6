"""What a reviewer reads: the worst first, all of it there, and nothing in it that becomes markup."""

import json
import re
import subprocess

import pytest
from tests.unit.pipeline.conftest import ORDER, REPOSITORY

from pipeline import markdown, summary


def write(folder, path, content):
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(content if isinstance(content, str) else json.dumps(content))


def drill(name="canary", twin="sound", verdict="Passed", cluster="embedded", reason="no request failed"):
    requests = {"total": 900, "failed": 0 if verdict == "Passed" else 3}
    return {"drill": name, "twin": twin, "verdict": verdict, "cluster": cluster, "reason": reason, "requests": requests}


def release(outcome, reason):
    return {"service": "order", "image": ORDER, "strategy": "canary", "outcome": outcome, "reason": reason, "steps": []}


@pytest.fixture
def reports(tmp_path):
    return tmp_path / "reports"


def page(reports, needs=None):
    return "\n".join(summary.lines(reports, needs or {}))


def test_all_good_says_so(reports):
    write(reports, "drills-kind/canary-sound/report.json", drill(cluster="kind"))
    text = page(reports, {"checks": {"result": "success"}, "images": {"result": "skipped"}})
    assert text.startswith("## All that was looked at is good")
    assert "| kind | canary | sound | Passed | 0 of 900 | no request failed |" in text


def test_nothing_is_not_good(reports):
    assert page(reports).startswith("## Nothing was looked at")


def test_what_is_bad_stands_in_the_heading_and_at_the_top(reports):
    write(reports, "a/canary-sound/report.json", drill())
    write(reports, "a/canary-errors/report.json", drill(twin="errors", verdict="Failed", reason="5 % | 3 failed"))
    write(reports, "b/report.json", "{ damaged")
    text = page(reports, {"test": {"result": "failure"}})
    assert text.splitlines()[0] == "## Not good: test: failure; drill canary errors: Failed"
    rows = [line for line in text.splitlines() if line.startswith("| embedded")]
    assert "| Failed | 3 of 900 | 5 % \\| 3 failed |" in rows[0]
    assert "Passed" in rows[1]


def test_a_release_that_was_rolled_back_says_why_and_who_serves(reports):
    write(reports, "release/order.json", release("RolledBack", "canary at 2 %: worse by more than 0.5 %"))
    text = page(reports)
    assert text.startswith("## Not good: order: RolledBack")
    assert "canary at 2 %: worse by more than 0.5 % |" in text
    assert "Users of order stay on the version that served them before." in text
    write(reports, "release/order.json", release("Promoted", "proven"))
    assert page(reports).startswith("## All that was looked at is good")


def test_tests_parts_and_scans_are_counted(reports):
    junit = (
        '<testsuites><testsuite tests="2" failures="1" errors="0" skipped="0">'
        '<testcase classname="tests.a" name="b"><failure message="1 != 2">x</failure></testcase>'
        "</testsuite></testsuites>"
    )
    write(reports, "tests/beside.xml", junit)
    write(reports, "tests/half.xml", "<testsuites>")
    write(reports, "sbom/services.cdx.json", {"components": [{}, {}]})
    write(reports, "audit/services.json", {"dependencies": [{"name": "a", "vulns": [{"id": "CVE-1"}]}, {"name": "b"}]})
    write(reports, "scan/order-linux-arm64.json", {"matches": [{"vulnerability": {"severity": "Low"}}] * 2})
    text = page(reports)
    assert "| tests | beside | 2 | 1 | 0 | 0 |" in text
    assert "| tests.a.b | 1 \\!= 2 |" in text
    assert "| bill of materials | services | 2 parts |" in text
    assert "| audit of packages | services | 2 packages, CVE-1 |" in text
    assert "| scan of an image | order-linux-arm64 | 2 Low |" in text


def test_the_workflow_gets_the_page(pipeline, checkout, tmp_path):
    write(checkout / "reports", "x/report.json", drill())
    done = pipeline("summary", GITHUB_STEP_SUMMARY=str(tmp_path / "page.md"), NEEDS='{"drills": {"result": "success"}}')
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "page.md").read_text() == done.stdout
    assert "| drills | success |" in done.stdout


def test_what_was_written_elsewhere_is_text():
    text = markdown.escaped("<img src=x>\n| [a](b) `c` #1 " + "x" * 400)
    assert text.startswith("\\<img src=x\\> \\| \\[a\\](b) \\`c\\` \\#1 ")
    assert text.endswith("…")


@pytest.mark.parametrize("target", ["test", "test-long"])
def test_every_run_of_tests_leaves_what_the_summary_counts(target):
    told = subprocess.run(["make", "-n", target], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    runs = re.findall(r"-m pytest (.*)", told)
    files = [re.search(r"--junitxml (reports/\S+\.xml)", run) for run in runs]
    assert runs
    assert all(files), runs
    assert len({found[1] for found in files}) == len(runs)
