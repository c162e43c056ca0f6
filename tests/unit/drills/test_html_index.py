"""The index over all drills, and the command that draws the pages again."""

import json
import sys

import pytest
from tests.unit.drills.pages import TRUE, copied, request, run_of
from tests.unit.drills.test_html_page import Page

from drills import __main__ as commands
from drills.html import index, site
from drills.html.past import MOST_SHOWN


def changed(**changes):
    return lambda report: report.update(changes)


def drawn(folder, names=()):
    return Page(index.write(folder, names).read_text())


def remembered(number=1, **changes):
    figures = json.loads((TRUE / "report.json").read_text())["previous"]
    line = {"drill": "canary", "twin": "errors", "service": "order", "cluster": "embedded"} | changes
    begun = [figures | {"started_at": f"2026-01-01T00:{at // 60:02d}:{at % 60:02d}+00:00"} for at in range(number)]
    return "".join(json.dumps(line | {"figures": one}) + "\n" for one in begun)


def rows(page):
    return [attributes["href"] for attributes in page.all("a") if attributes["href"].endswith("report.html")]


def test_the_sound_release_of_a_drill_comes_first(tmp_path):
    for twin in ("errors", "crash", "sound"):
        copied(tmp_path, f"canary-{twin}", changed(twin=twin))
    expected = [f"canary-{twin}/report.html" for twin in ("sound", "errors", "crash")]
    assert rows(drawn(tmp_path)) == expected


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        (["Passed", "Passed"], "✓ Every drill passed"),
        (["Passed", "Failed"], "✕ Not every drill passed"),
        (["Inconclusive", "Passed"], "? Not every drill passed"),
        (["Error", "Inconclusive"], "! Not every drill passed"),
        (["Failed", "Error"], "✕ Not every drill passed"),
        ([], "? No drill has run"),
    ],
)
def test_the_worst_verdict_is_said_at_the_top(tmp_path, verdicts, said):
    for number, verdict in enumerate(verdicts):
        copied(tmp_path, f"canary{number}-errors", changed(verdict=verdict))
    assert said in drawn(tmp_path).text


def test_a_drill_that_left_nothing_is_named_and_nothing_has_passed(tmp_path):
    copied(tmp_path)
    (tmp_path / "canary-slow").mkdir()
    page = drawn(tmp_path)
    assert "canary-slow/report.json is missing: the drill has not come to its end" in page.text
    assert "? Not every drill passed" in page.text
    assert "1 of 2 drills" in page.text


def test_a_drill_that_was_never_begun_is_named(tmp_path):
    copied(tmp_path)
    assert "blue-green-sound/report.json is missing" in drawn(tmp_path, ["blue-green-sound", "canary-errors"]).text


def test_other_folders_are_no_drills(tmp_path):
    copied(tmp_path)
    (tmp_path / "pictures").mkdir()
    assert "✓ Every drill passed" in drawn(tmp_path).text


def test_harm_is_beside_what_is_allowed_where_there_is_a_limit(tmp_path):
    copied(tmp_path, change=changed(harm={"requests": 7, "allowed": 50.0}))
    copied(tmp_path, "canary-sound", changed(twin="sound", harm={"requests": 3, "allowed": 0.0}))
    text = drawn(tmp_path).text
    assert "7 / 50" in text
    assert "3 / \u2013" in text


def test_runs_before_and_runs_elsewhere_are_listed(tmp_path):
    copied(tmp_path)
    history = remembered(3) + "half a li\n" + remembered(cluster="kind")
    (tmp_path / "history.jsonl").write_text(history)
    page = drawn(tmp_path)
    assert len([span for span in page.all("span") if span.get("title", "").endswith("UTC: Passed")]) == 3
    assert "On other clusters, or of other services" in page.text
    assert "4 runs" in page.text


def test_a_long_history_is_cut_and_says_so(tmp_path):
    (tmp_path / "history.jsonl").write_text(remembered(MOST_SHOWN + 20))
    assert f"{MOST_SHOWN} runs of {MOST_SHOWN + 20}" in drawn(tmp_path).text


def test_whatever_a_report_says_stays_text(tmp_path):
    copied(tmp_path, change=changed(reason="<script>alert(1)</script>", cluster="<img src=x>"))
    page = drawn(tmp_path)
    assert len(page.all("script")) == 1
    assert page.all("img") == []


def test_the_sketch_says_how_far_the_release_came():
    sketch = index.sketch(run_of([request(1.0)] * 10 + [request(24.0, "v2")] * 30, duration_s=30.0))
    assert "Asked for at most 15 % of the users; seen at most 100 %." in sketch


# The command


@pytest.fixture
def report(monkeypatch):
    def call(folder):
        monkeypatch.setattr(sys, "argv", ["drills", "report", str(folder)])
        with pytest.raises(SystemExit) as exit_:
            commands.main()
        return exit_.value.code

    return call


def test_all_pages_are_drawn_from_the_files_alone(report, tmp_path, capsys):
    for name in ("canary-errors", "canary-slow"):
        copied(tmp_path, name)
    assert report(tmp_path) == 0
    assert capsys.readouterr().out.strip() == (tmp_path / "index.html").as_uri()
    assert len(list(tmp_path.glob("*/report.html"))) == 2


def test_one_page_is_drawn_and_the_index_with_it(report, tmp_path, capsys):
    place = copied(tmp_path)
    assert report(place) == 0
    assert capsys.readouterr().out.strip() == (place / "report.html").as_uri()
    assert (tmp_path / "index.html").exists()


def test_a_broken_report_is_one_line_and_the_others_are_drawn(report, tmp_path, capsys):
    copied(tmp_path)
    (copied(tmp_path, "canary-slow") / "report.json").write_text('{"drill": ')
    assert report(tmp_path) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "canary-slow/report.json is no JSON" in line
    assert (tmp_path / "canary-errors" / "report.html").exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "requests.csv is missing"),
        ("a,b\n1,2\n", "requests.csv has no column scheduled"),
        ((TRUE / "requests.csv").read_text() + "soon,fast\n", "requests.csv, line"),
    ],
)
def test_broken_requests_are_one_line(report, tmp_path, capsys, text, expected):
    path = copied(tmp_path) / "requests.csv"
    path.unlink() if text is None else path.write_text(text)
    assert report(tmp_path) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert expected in line


def test_a_report_of_another_form_is_one_line(report, tmp_path, capsys):
    copied(tmp_path, change=changed(verdict="Fine"))
    assert report(tmp_path) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "does not fit the schema: verdict" in line


def test_a_folder_without_reports_is_refused(report, tmp_path, capsys):
    assert report(tmp_path / "nowhere") == 2
    assert "has no report of a drill" in capsys.readouterr().err


def test_a_page_is_the_same_whenever_it_is_drawn(tmp_path):
    place = copied(tmp_path)
    once = site.draw(place).start.read_text()
    assert site.draw(tmp_path).start.name == "index.html"
    assert (place / "report.html").read_text() == once
