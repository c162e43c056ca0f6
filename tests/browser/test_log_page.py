"""The search over the logs in a real browser."""

import pytest
from tests.browser import looks
from tests.browser.live_lab import laboratory
from tests.browser.recorded import EVIL, TRACE, Backend, line

SOON = 15_000


@pytest.fixture
def backend():
    return Backend()


@pytest.fixture
def lab(backend):
    with laboratory(backend.answers()) as lab:
        yield lab


def said(page):
    page.wait_for_function("() => !/^searching/.test(document.querySelector('#says').textContent)", timeout=SOON)
    return page.locator("#says").inner_text()


def wait_for(page, selector, text):
    page.locator(selector).first.filter(has_text=text).wait_for(timeout=SOON)


def test_a_line_is_text_whatever_it_holds(lab, open_page):
    page = open_page(f"{lab.url}/logs")
    assert said(page) == "3 lines"
    assert page.locator("#lines .message").nth(1).inner_text() == EVIL
    page.locator("#lines summary").nth(1).click()
    assert page.locator("main img, main script").count() == 0
    assert page.title() == "Logs · Proving Ground"
    assert page.problems == []


@pytest.mark.parametrize("name", ["text", "service", "version", "trace", "level"])
def test_what_is_searched_for_is_text_too(name, lab, open_page):
    page = open_page(f"{lab.url}/logs?{name}=%3Cimg%20src%3Dx%20onerror%3Ddocument.title%3D%27owned%27%3E")
    said(page)
    assert page.locator("main img").count() == 0
    assert "owned" not in page.title()


def test_a_line_opens_to_its_fields_and_leads_to_its_trace(lab, open_page):
    page = open_page(f"{lab.url}/logs")
    said(page)
    page.locator("#lines summary").first.focus()
    page.keyboard.press("Enter")
    fields = page.locator("#lines dl").first.inner_text()
    assert "kubernetes.labels.track\ncanary" in fields
    assert "http.response.status_code\n500" in fields
    page.locator("#lines dl a").first.click()
    page.wait_for_url(f"**/traces/{TRACE}")


def test_a_search_asks_for_what_the_form_says_newest_first(lab, backend, open_page):
    page = open_page(f"{lab.url}/logs")
    said(page)
    for name, text in (("text", "order placed"), ("trace", TRACE), ("service", "order"), ("version", "v2")):
        page.locator(f"[name={name}]").fill(text)
    page.locator("[name=level]").select_option("error")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url("**level=error**")
    said(page)
    asked = backend.searches[-1]
    assert asked["sort"] == [{"@timestamp": "desc"}]
    assert asked["query"]["bool"]["filter"] == [
        {"term": {"service.name": "order"}},
        {"term": {"service.version": "v2"}},
        {"term": {"log.level": "error"}},
        {"term": {"trace.id": TRACE}},
        {"match": {"message": {"query": "order placed", "operator": "and"}}},
    ]


def test_followed_lines_come_on_top_and_an_opened_one_stays_open(lab, backend, open_page):
    page = open_page(f"{lab.url}/logs?tail=1")
    assert said(page) == "3 lines · ● following"
    page.locator("#lines summary").first.click()
    backend.lines.insert(0, line(4, "info", "the newest"))
    wait_for(page, "#lines .message", "the newest")
    assert page.locator("#lines > li").count() == 4
    assert page.locator("#lines details").nth(1).get_attribute("open") is not None


def test_without_follow_nothing_is_asked_again(lab, backend, open_page):
    page = open_page(f"{lab.url}/logs")
    said(page)
    page.wait_for_timeout(2000)
    assert len(backend.searches) == 1


def test_a_wrong_trace_id_is_said_in_one_line_and_nothing_is_asked(lab, backend, open_page):
    page = open_page(f"{lab.url}/logs?trace=abc")
    assert said(page) == "✕ a trace id has 32 hexadecimal digits, not “abc”"
    assert backend.searches == []


def test_a_server_that_is_gone_is_said_and_comes_back(lab, open_page):
    page = open_page(f"{lab.url}/logs?tail=1")
    said(page)
    lab.stop()
    wait_for(page, "#says", "does not answer")
    lab.start()
    wait_for(page, "#says", "following")


def test_it_fits_and_can_be_read(lab, open_page):
    page = open_page(f"{lab.url}/logs")
    said(page)
    page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    assert looks.faults(page) == []
    assert page.problems == []
