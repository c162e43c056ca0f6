"""The report and the index in a real browser: wide and narrow, light and dark, on paper, by keyboard, no scripts."""

import json
import shutil
from collections import Counter

import pytest
from tests.browser import looks
from tests.unit.drills.pages import TRUE, copied

from drills.html import index, page

WIDTHS = (1280, 390)
EVIL = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"


@pytest.fixture
def site(tmp_path):
    """A folder with two drills, one of them failed, their pages and the index."""
    copied(tmp_path, "canary-errors")
    copied(
        tmp_path, "canary-sound", lambda report: report.update(twin="sound", verdict="Failed", reason="It was lost.")
    )
    line = {"figures": json.loads((TRUE / "report.json").read_text())["previous"]}
    line |= {"drill": "canary", "twin": "errors", "service": "order", "cluster": "another"}
    (tmp_path / "history.jsonl").write_text(json.dumps(line) + "\n")
    for place in index.drills(tmp_path):
        page.write(place)
    index.write(tmp_path)
    return tmp_path


@pytest.fixture
def report(site):
    return (site / "canary-errors" / "report.html").as_uri()


@pytest.fixture(params=["report", "index"])
def either(request, site, report):
    return report if request.param == "report" else (site / "index.html").as_uri()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_is_readable_and_nothing_reaches_beyond_the_window(either, open_page, width, scheme):
    page = open_page(either, width=width, scheme=scheme)
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert looks.contrast(page) == []
    assert looks.overflow(page) == []
    assert page.problems == []


def test_the_check_of_contrast_bites(report, open_page):
    page = open_page(report)
    page.add_style_tag(content=".story { color: #999 }")
    assert looks.contrast(page)


def test_the_theme_changes_and_stays(report, open_page):
    page = open_page(report, scheme="light")
    paper = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(paper)
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate(paper) != before
    assert looks.contrast(page) == []
    page.get_by_role("button", name="Light").click()
    assert page.evaluate(paper) == before


def test_the_pointer_reads_out_a_second_of_the_table(report, open_page):
    page = open_page(report)
    page.locator("#timeline-box svg").hover()
    said = page.locator("#readout").inner_text()
    rows = [row.locator("th, td").all_text_contents() for row in page.locator("#figures tbody tr").all()]
    [told] = [cells for cells in rows if said.startswith(f"from {cells[0]} ")]
    assert all(cell in said for cell in told)
    assert page.evaluate("getComputedStyle(document.querySelector('#cursor')).visibility") == "visible"


def test_the_keyboard_reaches_the_timeline_and_every_disclosure(report, open_page):
    page = open_page(report)
    reached = Counter()
    for _ in range(400):
        page.keyboard.press("Tab")
        reached[page.evaluate("document.activeElement.tagName + '#' + document.activeElement.id")] += 1
        if page.evaluate("document.activeElement === document.body"):
            break
    assert reached["DIV#timeline-box"] == 1
    assert reached["SUMMARY#"] == page.locator("summary").count()
    page.locator("#timeline-box").focus()
    page.keyboard.press("ArrowRight")
    first = page.locator("#readout").inner_text()
    page.keyboard.press("ArrowRight")
    assert page.locator("#readout").inner_text() != first
    page.locator("details.asked summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("details.asked .waterfall").first.is_visible()


def test_the_focus_is_seen(report, open_page):
    page = open_page(report)
    page.keyboard.press("Tab")
    assert page.locator(".skip").bounding_box()["x"] >= 0
    page.keyboard.press("Tab")
    assert page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)") >= 2


def test_without_scripts_everything_is_said(report, open_page):
    page = open_page(report, js=False)
    assert page.locator(".timeline").is_visible()
    assert page.get_by_text("✕ Failed: canary at 15 %").is_visible()
    assert not page.locator("#readout").is_visible()
    page.get_by_text("The figures of the timeline as a table").click()
    assert page.locator("#figures").is_visible()
    assert page.problems == []


def test_what_a_service_said_is_never_run(tmp_path, open_page):
    def poison(report):
        report["reason"] = EVIL
        report["evidence"]["requests"][0] |= {"path": EVIL, "error": EVIL}
        report["steps"][0]["detail"] = EVIL

    place = copied(tmp_path, change=poison)
    page_ = open_page(page.write(place).as_uri())
    assert "taken" not in page_.title()
    assert page_.locator(".verdict").inner_text().count("<script>") == 1
    assert page_.problems == []


def test_scripts_of_others_would_be_stopped_from_leaving(report, open_page):
    page = open_page(report)
    answer = page.evaluate("fetch('data:text/plain,x').then(() => 'sent', () => 'stopped')")
    assert answer == "stopped"


def test_on_paper_the_picture_is_whole_and_the_first_traces_are_open(report, open_page):
    page = open_page(report, width=700, js=False)
    page.emulate_media(media="print")
    assert page.evaluate("document.querySelector('.timeline').getBoundingClientRect().width <= innerWidth")
    assert looks.overflow(page) == []
    assert page.locator("details.asked.paper .waterfall").first.is_visible()
    assert not page.locator("details.asked:not(.paper) .waterfall").first.is_visible()
    assert not page.locator("#readout").is_visible()
    assert page.pdf(format="A4", prefer_css_page_size=True).startswith(b"%PDF")


def test_the_index_leads_to_a_report_and_back(site, open_page):
    page = open_page((site / "index.html").as_uri())
    assert "Not every drill passed" in page.locator(".verdict").inner_text()
    page.get_by_role("link", name="canary-sound").click()
    assert "It was lost." in page.locator(".verdict").inner_text()
    page.get_by_role("link", name="All drills").click()
    assert page.locator(".index tbody tr:not(.reason)").count() == 2


def test_an_index_says_what_has_no_report(site, open_page):
    shutil.rmtree(site / "canary-sound")
    page = open_page(index.write(site, ["canary-errors", "canary-sound"]).as_uri())
    assert "canary-sound/report.json is missing" in page.locator("main").inner_text()
    assert "Not every drill passed" in page.locator(".verdict").inner_text()
