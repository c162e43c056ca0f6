"""What is kept of a drill: report, requests, JUnit."""

import csv
import dataclasses
import json
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from tests.unit.drills.fakes import sample

from drills import junit, report
from drills.probes import Schedule
from drills.record import Record, Step
from drills.schema import SCHEMA
from drills.twins import TWINS
from drills.verdict import Limits, Ruling

RULING = Ruling("Failed", "1 of 3 requests failed.")
LIMITS = Limits(250)


@pytest.fixture
def record():
    made = Record("canary", TWINS["errors"], "order", "embedded", "It works.", "v2", 200, started=1_000.0, stable="v1")
    made.steps = [Step("start", "order:v2", 0.00049, 1.23456), Step("abort", "errors", 2.0, 2.5)]
    judgement = SimpleNamespace(
        step="s", verdict="Failed", reason="r", query="q", samples=[{"x": 1}], numbers={"n": 0.2}
    )
    made.find(judgement)
    made.findings = [dataclasses.replace(made.findings[0], at_s=2.0)]
    made.samples = [
        sample(1_003.0, None, None, error="no answer within 3 s"),
        sample(1_001.0),
        sample(1_002.0, "v2", 500),
    ]
    made.acted_s, made.settled_s, made.outcome = 0.5, 2.5, "RolledBack"
    made.schedule = Schedule(200, 3, 3, 200.0, 0.2, 0.3, 0)
    return made


def test_the_report_has_the_fields_that_others_read(record, tmp_path):
    report.write(record, RULING, LIMITS, tmp_path)
    written = json.loads((tmp_path / "canary-errors" / "report.json").read_text())
    assert (written["drill"], written["twin"], written["cluster"]) == ("canary", "errors", "embedded")
    assert (written["outcome"], written["verdict"], written["hypothesis"]) == ("RolledBack", "Failed", "It works.")
    assert written["steps"][0] == {"name": "start", "detail": "order:v2", "started_s": 0.0, "finished_s": 1.235}
    assert written["judgements"][0]["numbers"] == {"n": 0.2}
    requests = written["requests"]
    assert (requests["total"], requests["failed"]) == (3, 2)
    assert requests["by_version_and_status"] == {"order": {"none": {"none": 1}, "v1": {"200": 1}, "v2": {"500": 1}}}
    assert [failure["at_s"] for failure in requests["failures"]] == [2.0, 3.0]
    assert requests["failures"][0]["trace_id"] == record.samples[2].trace_id


def test_every_request_is_in_the_csv_in_order(record, tmp_path):
    report.write(record, RULING, LIMITS, tmp_path)
    with (tmp_path / "canary-errors" / "requests.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["scheduled"] for row in rows] == [f"1970-01-01T00:16:4{second}.000000+00:00" for second in (1, 2, 3)]
    assert [row["status"] for row in rows] == ["200", "500", ""]
    assert {"latency_ms", "version", "trace_id", "method", "path", "error"} <= rows[0].keys()


def test_an_unfinished_drill_can_be_reported(tmp_path):
    empty = Record("canary", TWINS["sound"], "order", "embedded", "h", "v2", 200)
    written = report.write(empty, Ruling("Error", "interrupted"), LIMITS, tmp_path)
    assert (written["outcome"], written["schedule"], written["requests"]["total"]) == (None, None, 0)


def test_a_report_that_breaks_the_schema_is_not_written(record, tmp_path):
    with pytest.raises(jsonschema.ValidationError):
        report.write(record, Ruling("Fine", "x"), LIMITS, tmp_path)
    assert not (tmp_path / "canary-errors").exists()


def test_the_schema_is_one_and_describes_every_field(record):
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    assert set(schema["required"]) == set(schema["properties"]) == set(report.as_json(record, RULING, LIMITS))


def test_clearing_removes_the_verdict_of_an_earlier_run(record, tmp_path):
    report.write(record, RULING, LIMITS, tmp_path)
    report.clear(record.name, tmp_path)
    report.clear(record.name, tmp_path)
    assert list((tmp_path / "canary-errors").iterdir()) == []


def test_readers_never_see_half_a_file(tmp_path, monkeypatch):
    path = tmp_path / "report.json"
    report.replace(path, "old")
    monkeypatch.setattr("pathlib.Path.replace", lambda self, target: (_ for _ in ()).throw(OSError("killed here")))
    with pytest.raises(OSError, match="killed here"):
        report.replace(path, "new")
    assert path.read_text() == "old"


def test_junit_counts_what_a_viewer_shows(record, tmp_path):
    reports = {
        name: report.as_json(record, Ruling(verdict, f"{verdict} & <why>"), LIMITS)
        for name, verdict in {"a-1": "Passed", "a-2": "Failed", "a-3": "Inconclusive", "a-4": "Error"}.items()
    }
    path = junit.write(["a-1", "a-2", "a-3", "a-4", "a-5"], reports, tmp_path)
    [suite] = ET.parse(path).getroot()
    counted = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counted == {"tests": "5", "failures": "1", "errors": "2", "skipped": "1"}
    kinds = [[child.tag for child in case] for case in suite]
    assert kinds == [
        ["system-out"],
        ["failure", "system-out"],
        ["error", "system-out"],
        ["error", "system-out"],
        ["skipped"],
    ]
    assert suite[1][0].get("message") == "Failed & <why>"
    assert all(case.get("classname") and case.get("time") for case in suite)
