"""The page of a drill: what it tells, that it is safe with whatever a service said, and that it needs nothing else."""

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from tests.unit.drills.pages import request, run_of, step, true_run

from drills.html.chart import Chart
from drills.html.page import HERE, render
from drills.html.requests import MOST_LOOKED_UP, waterfall
from drills.html.run import UnreadableError, read
from drills.html.story import story
from drills.html.table import table
from drills.html.timeline import timeline

VOID = {"meta", "link", "br"}
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&"


class Page(HTMLParser):
    """Reads a page: its elements in order, its text, and whether every element is closed."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.words, self.open = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self):
        return " ".join(" ".join(self.words).split()).replace("\u00a0", " ")


def told(run):
    return " ".join(story(run)).replace("\u00a0", " ")


# What it tells


def test_the_story_of_a_canary_that_was_rolled_back():
    run = true_run()
    text = told(run)
    for step_ in run.report["steps"]:
        if step_["name"] == "shift":
            assert f"At {step_['started_s']:.1f} s it got 15 % of the users." in text
    assert "the judge found the new version bad: worse by more than 0.5 %" in text
    assert f"{run.report['time_to_roll_back_s']:.1f} s later all users were on v1 again" in text
    assert f"{run.report['harm']['requests']} requests were hurt" in text
    assert "after that, none failed" in text


def test_the_story_of_a_promotion():
    steps = [
        step("start", "order:v2", 2.0, 4.0),
        step("shift", "15 % of the users to the canary", 4.0, 4.1),
        step("analysis", "", 4.1, 8.0),
        step("promote", "", 8.0, 9.5),
    ]
    said = {"step": "s", "at_s": 8.0, "verdict": "Passed", "reason": "fine", "query": "", "samples": [], "numbers": {}}
    requests = [request(1.0), request(9.6, "v2"), request(9.7, "v2", error="e", status=500)]
    text = told(
        run_of(requests, steps=steps, judgements=[said], outcome="Promoted", harm={"requests": 0, "allowed": 0})
    )
    assert "Before the release v1 answered alone: 1 request, none failed." in text
    assert "After 4.0 s the judge saw no harm." in text
    assert "At 8.0 s it was promoted; 1.5 s later v2 was the only version." in text
    assert "Not one request was hurt" in text
    assert "Of 2 requests after the promotion, 1 failed." in text


def test_the_story_of_a_release_that_was_killed_and_resumed():
    steps = [
        step("start", "order:v2", 0.0, 2.0),
        step("kill", "PATCH virtualservices/order", 3.0, 3.0),
        step("resume", "resume order", 3.2, 9.0),
        step("refuse", "PATCH configmaps/release-order", 4.0, 6.0),
        step("promote", "", 8.0, 9.0),
    ]
    text = told(true_run(steps=steps, judgements=[], outcome="Promoted"))
    assert "At 3.0 s its process was killed, at PATCH virtualservices/order." in text
    assert "At 3.2 s another process went on with it." in text
    assert "From 4.0 s to 6.0 s the API server now and then refused PATCH configmaps/release-order." in text


def test_the_story_of_a_release_that_never_became_ready():
    steps = [step("start", "order:v2-crash", 2.0, 11.0), step("abort", "CrashLoopBackOff", 11.0, 11.5)]
    text = told(run_of([request(1.0)], steps=steps, judgements=[], harm={"requests": 0, "allowed": 0.0}))
    assert "it was not ready within 9.0 s. So it was rolled back before it had a user: CrashLoopBackOff." in text


def test_the_story_of_a_drill_that_did_not_start():
    text = told(run_of([], steps=[step("stage", "", 0.0, 1.0)], judgements=[]))
    assert text == "No user was seen before the release. No release took place."


@pytest.mark.parametrize(
    ("verdict", "outcome", "words"),
    [
        ("Passed", "RolledBack", "✓ Passed"),
        ("Failed", "Promoted", "✕ Failed"),
        ("Inconclusive", "RolledBack", "? Inconclusive"),
        ("Error", None, "! Error"),
    ],
)
def test_the_verdict_is_a_symbol_a_word_and_a_sentence(verdict, outcome, words):
    page = Page(render(true_run(verdict=verdict, outcome=outcome, reason="So it was.")))
    assert f"{words} So it was." in page.text
    assert ("It had to be rolled back" in page.text or "it had to be rolled back" in page.text) == (
        verdict in ("Passed", "Failed")
    )


def test_the_figures_stand_beside_those_of_the_run_before():
    previous = true_run().report["previous"] | {"requests": 600, "failed": 20, "time_to_detect_s": None}
    text = Page(render(true_run(previous=previous, time_to_roll_back_s=2.0))).text
    assert "before 600 (+95)" in text
    assert "before 20 (\u22125)" in text
    assert "before \u2013 Time" in text
    assert "No earlier run" not in text


def test_a_first_run_says_that_there_is_none_before():
    assert "No earlier run of this drill on this cluster is known." in Page(render(true_run(previous=None))).text


# The timeline


def drawn(run):
    return str(timeline(Chart.of(run)))


def ticks(picture):
    return [len(re.findall("M", path)) for path in re.findall(r'<path d="([^"]*)" class="tick-', picture)]


def test_a_single_failure_among_thousands_is_seen():
    fine = [request(number / 200) for number in range(6000)]
    many = [request(3 + number / 1000, error="e", status=503) for number in range(900)]
    picture = drawn(run_of(fine + many + [request(11.0, "v2", error="e", status=500)]))
    assert ticks(picture)[-1] == 1
    [height] = re.findall(r'height="([\d.]+)" class="bar-canary"', picture)
    assert float(height) >= 4


def test_every_failure_is_drawn_and_those_on_one_spot_once():
    failures = [request(10 + number, "v2", error="e") for number in range(5)] + [request(10.0001, "v2", error="e")]
    assert ticks(drawn(run_of(failures))) == [5]


def test_failures_without_an_answer_are_told_from_those_of_a_version():
    run = run_of([request(5.0, "", error="no answer within 3 s", status=None), request(6.0, "v2", error="e")])
    picture = drawn(run)
    assert len(ticks(picture)) == 2
    assert "no answer" in picture


def test_each_judgement_is_marked_with_symbol_and_word():
    picture = drawn(true_run())
    assert "✕ Failed: canary at 15 %" in picture


def test_judgements_close_together_do_not_cover_each_other():
    [said] = true_run().report["judgements"]
    three = [said | {"at_s": at, "verdict": "Passed"} for at in (10.0, 10.1, 10.2)]
    places = re.findall(r'y="([\d.]+)" class="mark', drawn(true_run(judgements=three)))
    assert len(set(places)) == 3


def test_versions_differ_in_more_than_colour():
    picture = drawn(true_run())
    assert "v1 stable" in picture
    assert "v2 new" in picture
    for name in ("p50", "p95", "p99", "asked", "seen", "objective 250"):
        assert f">{name}</text>" in picture


def test_the_table_has_the_figures_of_every_second():
    run = run_of([request(0.1, "v2", latency=7.0)] * 10 + [request(0.9)] * 30 + [request(1.5, error="e")] * 40)
    rows = table(Chart.of(run)).rows
    columns = table(Chart.of(run)).columns
    first = dict(zip(columns, rows[0], strict=True))
    assert first["seen of v2 (95 % band)"] == "25.0 % (14.2 to 40.2)"
    assert first["v2 p50 / p95 / p99 ms"] == "7.0 / 7.0 / 7.0"
    assert rows[1][columns.index("failed")] == "40"


def test_a_drill_without_a_user_still_has_a_page():
    report = {"steps": [step("stage", "", 0.0, 1.0)], "judgements": [], "schedule": None, "stable": "", "latency": {}}
    page = Page(render(run_of([], **report, verdict="Error", outcome=None)))
    assert "The prober never began." in page.text


# Traces


def span(name, parent=None, start=0.0, took=1.0):
    about = {"service": "order", "version": "v2", "name": name, "attributes": {}, "error": False}
    return about | {"span_id": name, "parent_id": parent, "start_ms": start, "duration_ms": took}


def test_spans_stand_below_those_that_called_them():
    spans = [span("c", "b", 2), span("a"), span("d", "a", 9), span("b", "a", 1)]
    assert [(row.span["name"], row.depth) for row in waterfall(spans, "v2")] == [("a", 0), ("b", 1), ("c", 2), ("d", 1)]


def test_spans_that_call_each_other_or_nobody_are_all_drawn():
    spans = [span("a", "b"), span("b", "a"), span("lost", "gone")]
    assert sorted(row.span["name"] for row in waterfall(spans, "v2")) == ["a", "b", "lost"]


def test_what_a_log_line_says_of_an_error_is_not_what_is_cut():
    run = true_run()
    line = run.report["evidence"]["requests"][0]["logs"][0]
    line["fields"] = {"a": "x" * 900, "error.message": "the disk is full", "b": "y"}
    assert "error.message=the disk is full" in render(run)


def test_what_is_left_out_is_said():
    report = true_run().report
    many = [report["evidence"]["requests"][0]] * (MOST_LOOKED_UP["failed"] + 5)
    evidence = report["evidence"] | {"requests": many}
    counted = report["requests"] | {"failed": 100}
    text = Page(render(true_run(evidence=evidence, requests=counted))).text
    assert (
        f"{100 - MOST_LOOKED_UP['failed']} more failed requests are not shown here; every one is in requests.csv"
        in text
    )


# Safe, complete, bounded


def test_whatever_a_service_says_stays_text():
    run = true_run(reason=EVIL, hypothesis=EVIL)
    looked = run.report["evidence"]["requests"][0]
    looked |= {"path": EVIL, "error": EVIL, "method": EVIL, "version": EVIL, "trace_missing": EVIL}
    looked["logs"] = [
        {"time": "2026-11-24T11:16:19.255Z", "level": EVIL, "service": EVIL, "version": EVIL, "pod": EVIL}
        | {"message": EVIL, "fields": {EVIL: EVIL}}
    ]
    looked["trace"] = {"spans": [span(EVIL) | {"service": EVIL, "attributes": {EVIL: EVIL}}]}
    run.report["steps"][0]["detail"] = EVIL
    run.report["judgements"][0] |= {"reason": EVIL, "query": EVIL, "step": EVIL, "numbers": {EVIL: EVIL}}
    run.report["versions"][EVIL] = EVIL
    run.report["evidence"]["sources"]["logs"] |= {"name": EVIL, "reason": EVIL}
    page = Page(render(run))
    assert len(page.all("script")) == 1
    assert page.all("img") == []
    assert not [key for _tag, attributes in page.elements for key in attributes if key.startswith("on")]


def test_a_page_needs_nothing_but_itself():
    page = Page(render(true_run()))
    links = {attributes.get(key) for _tag, attributes in page.elements for key in ("src", "href", "action", "data")}
    assert links == {None, "#content", "../index.html", "data:,", "report.json", "requests.csv"}
    for name in ("style.css", "script.js"):
        assert not re.search(r"@import|url\(|fetch|import\(|https?:", (HERE / name).read_text())
    [policy] = [meta["content"] for meta in page.all("meta") if "http-equiv" in meta]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"


def test_headings_are_in_order_and_tables_are_named():
    page = Page(render(true_run()))
    levels = [int(tag[1]) for tag, _attributes in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(cell.get("scope") for cell in page.all("th"))
    assert [html["lang"] for html in page.all("html")] == ["en"]
    assert page.open == []


def test_ids_are_unique_and_labels_point_at_them():
    page = Page(render(true_run()))
    ids = [attributes["id"] for _tag, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    pointed = {
        name for _tag, attributes in page.elements for name in attributes.get("aria-labelledby", "").split() if name
    }
    assert pointed <= set(ids)


def test_a_page_of_ten_thousand_failures_with_long_errors_is_below_a_megabyte():
    failures = [
        request(number / 200, "v2", number % 3000, "long " * 2000, path="/orders/" + "x" * 5000)
        for number in range(10_000)
    ]
    run = run_of(failures, duration_s=50.0)
    line = {"time": "2026-11-24T11:16:19.255Z", "level": "error", "service": "order", "version": "v2", "pod": "p"}
    looked = run.report["evidence"]["requests"][0] | {"error": "long " * 2000, "path": "/" + "x" * 9000}
    looked |= {"trace": {"spans": [span(str(number)) | {"attributes": {"a": "b" * 9000}} for number in range(90)]}}
    looked |= {"logs": [line | {"message": "word " * 3000, "fields": {"a": "b" * 9000}}] * 40}
    run.report["evidence"]["requests"] = [looked, looked | {"why": "slowest"}] * 60
    run.report["judgements"][0]["query"] = "q" * 1_000_000
    assert len(render(run).encode()) < 1_000_000


# Reading


def test_what_cannot_be_read_is_one_line(tmp_path):
    for name, text, expected in (
        ("report.json", None, "is missing: the drill has not come to its end"),
        ("report.json", "{", "is no JSON"),
        ("report.json", "[]", "does not fit the schema"),
    ):
        if text is not None:
            (tmp_path / name).write_text(text)
        with pytest.raises(UnreadableError, match=expected) as refusal:
            read(tmp_path)
        assert "\n" not in str(refusal.value)
