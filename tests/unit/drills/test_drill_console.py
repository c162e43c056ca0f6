"""What people see: live, in plain lines, and at the end."""

import io
from xml.etree import ElementTree as ET

from rich.console import Console
from tests.unit.drills.fakes import sample

from drills.console import Done, View, picture, sentences, summary, watching
from drills.record import Finding, Record
from drills.strip import strip
from drills.twins import TWINS
from drills.verdict import Ruling


def record_of(samples=()):
    made = Record("canary", TWINS["errors"], "order", "embedded", "h", "v2", 200)
    made.samples = list(samples)
    return made


def text_of(*parts, width=120):
    console = Console(file=io.StringIO(), width=width)
    console.print(*parts)
    return console.file.getvalue()


def recent(record, **fields):
    return sample(record.started + record.now(), **fields)


def test_the_live_view_shows_step_weights_and_errors_by_version():
    record = record_of()
    record.samples = [recent(record) for _ in range(40)] + [recent(record, version="v2", status=500) for _ in range(3)]
    record.weights = {"stable": 90, "canary": 10}
    with record.step("shift", "10 % of the users to the canary"):
        text = text_of(View(record))
    assert "▶  shift" in text
    assert "stable 90 % · canary 10 %" in text
    [v1] = [line.split() for line in text.splitlines() if "order v1" in line]
    [v2] = [line.split() for line in text.splitlines() if "order v2" in line]
    assert v1[1:6] == ["order", "v1", "20", "40", "0"]
    assert v2[1:6] == ["order", "v2", "2", "3", "3"]


def test_no_terminal_gets_plain_lines_without_escapes():
    console, record = Console(file=io.StringIO(), width=80), record_of([sample()])
    with watching(record, console):
        with record.step("start", "order:v2"):
            pass
        record.findings.append(Finding("canary at 10 %", 3.0, "Failed", "20 % failed", "q", [], {}))
        with record.step("abort", "20 % failed"):
            pass
    lines = console.file.getvalue().splitlines()
    assert ["start: order:v2" in line for line in lines] == [True, False, False]
    assert "abort: 20 % failed" in lines[1]
    assert lines[2].endswith("Failed, canary at 10 %: 20 % failed")  # it was found at 3.0 s
    assert "\x1b" not in console.file.getvalue()


def test_a_terminal_gets_a_live_view_that_is_gone_afterwards(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    with watching(record_of(), console):
        pass
    assert "\x1b[" in console.file.getvalue()


def test_the_table_has_a_row_and_a_sentence_for_each_drill():
    record = record_of([sample(), sample(status=500)])
    record.outcome = "RolledBack"
    done = [Done(record, Ruling("Failed", "Rolled back too late."))]
    row = next(line for line in text_of(summary(done)).splitlines() if "errors" in line)
    assert row.split() == ["canary", "errors", "RolledBack", "2", "1", "Failed"]
    assert "canary-errors  Rolled back too late." in text_of(sentences(done))


def test_the_strip_shows_who_answered_and_where_it_failed():
    samples = [sample(at / 10, "v1") for at in range(40)]
    samples += [sample(4 + at / 10, "v2") for at in range(39)] + [sample(7.9, "v2", 500)]
    line = strip(record_of(samples), width=8)
    assert line.plain == "    ███!"
    assert strip(record_of(), width=4).plain == "    "


def test_a_single_canary_answer_is_visible():
    samples = [sample(at / 100) for at in range(100)] + [sample(0.5, "v2")]
    assert strip(record_of(samples), width=1).plain == "▁"


def test_the_picture_is_an_svg_with_the_table(tmp_path):
    path = tmp_path / "demo.svg"
    picture([Done(record_of([sample()]), Ruling("Passed", "Promoted."))], path)
    assert ET.parse(path).getroot().tag.endswith("svg")
    assert "Promoted." in path.read_text().replace("&#160;", " ")
    assert "@font-face" not in path.read_text(), "the picture needs the network"
