"""Which vulnerabilities of an image stop it, and that one which was not scanned is not passed."""

import json

import pytest
from tests.unit.pipeline.conftest import ORDER, stopped

from pipeline.errors import NotCheckedError, RefusedError
from pipeline.severity import above


def match(severity, mended=("1.2.4",), name="CVE-2026-1", related=()):
    fix = {"state": "fixed" if mended else "not-fixed", "versions": list(mended)}
    return {
        "vulnerability": {"id": name, "severity": severity, "fix": fix},
        "relatedVulnerabilities": [{"id": each} for each in related],
        "artifact": {"name": "openssl", "version": "1.2.3"},
    }


@pytest.mark.parametrize(
    ("severity", "mended", "threshold", "stops"),
    [
        ("Negligible", True, "high", False),
        ("Medium", True, "high", False),
        ("High", True, "high", True),
        ("High", False, "high", False),
        ("Critical", False, "high", True),
        ("Critical", False, "critical", True),
        ("High", True, "critical", False),
        ("Medium", True, "medium", True),
        ("Unknown", True, "high", True),
        (None, True, "high", True),
    ],
)
def test_what_stops_an_image(severity, mended, threshold, stops):
    report = {"matches": [match(severity, ("1.2.4",) if mended else ())]}
    assert bool(above(report, frozenset(), threshold)) is stops


def test_the_gravest_comes_first_and_each_once():
    report = {"matches": [match("High"), match("Critical", name="CVE-2026-2"), match("High")]}
    first, second = above(report, frozenset())
    assert "CVE-2026-2 (critical)" in first
    assert "openssl 1.2.3 has CVE-2026-1 (high), mended in 1.2.4" in second


def test_what_is_accepted_under_any_name_does_not_stop_it():
    report = {"matches": [match("Critical", name="GHSA-1", related=["CVE-2026-3"])]}
    assert above(report, frozenset(["CVE-2026-3"])) == []


@pytest.mark.parametrize("report", [None, [], {}, {"matches": None}, {"matches": [{}]}])
def test_what_is_no_report_is_no_pass(report):
    with pytest.raises(NotCheckedError):
        above(report, frozenset())


def test_a_threshold_that_is_none_is_refused():
    with pytest.raises(RefusedError, match="SCAN_THRESHOLD=hihg"):
        above({"matches": []}, frozenset(), "hihg")


@pytest.fixture
def archive(checkout):
    folder = checkout / "reports" / "images"
    folder.mkdir(parents=True)
    (folder / "order-linux-arm64.tar").touch()
    return folder


def test_a_vulnerable_image_stops_it(pipeline, actor, archive, checkout):
    report = str(checkout / "reports" / "scan" / "order-linux-arm64.json")
    syft, grype = actor("syft"), actor("grype")
    grype.answer(writes={report: json.dumps({"matches": []})})
    assert pipeline("scan").returncode == 0
    assert "docker-archive:reports/images/order-linux-arm64.tar" in syft.calls[0]
    grype.answer(writes={report: json.dumps({"matches": [match("Critical")]})})
    assert stopped(pipeline("scan"), 1, "order-linux-arm64: openssl 1.2.3 has CVE-2026-1")


def test_what_was_published_is_scanned_for_each_kind_of_machine(pipeline, actor, archive):
    syft, grype = actor("syft"), actor("grype")
    grype.answer(1, "no database")
    (archive / "published.json").write_text(json.dumps({"order": ORDER}))
    assert stopped(pipeline("scan"), 2, "order-linux-amd64 was not scanned", "no database")
    assert syft.calls[0][1:4] == [f"registry:{ORDER}", "--platform", "linux/amd64"]


def test_without_a_scanner_or_an_image_nothing_is_passed(pipeline, archive):
    assert stopped(pipeline("scan"), 2, "syft is missing")
    (archive / "order-linux-arm64.tar").unlink()
    assert stopped(pipeline("scan"), 2, "no image to scan", "make release-images")
