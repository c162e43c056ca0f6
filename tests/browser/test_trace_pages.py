"""The search for traces and the waterfall in a real browser."""

import json

import pytest
from tests.browser import looks
from tests.browser.live_lab import laboratory
from tests.browser.recorded import EVIL, TRACE, Backend, process, span

SOON = 15_000


@pytest.fixture
def backend():
    return Backend()


@pytest.fixture
def lab(backend):
    with laboratory(backend.answers()) as lab:
        yield lab


@pytest.fixture
def waterfall(lab, open_page):
    page = open_page(f"{lab.url}/traces/{TRACE}")
    page.wait_for_selector("#spans summary", timeout=SOON)
    return page


def said(page, selector="#says"):
    page.wait_for_function(
        "(selector) => !/^(searching|loading)/.test(document.querySelector(selector).textContent)",
        arg=selector,
        timeout=SOON,
    )
    return page.locator(selector).inner_text()


def test_spans_stand_below_their_parents_in_the_order_of_their_start(waterfall):
    rows = waterfall.locator("#spans > li").all()
    texts = [" ".join(row.inner_text().split()) for row in rows]
    assert [text.rsplit(" ", 2)[0] for text in texts] == [
        "gateway ✕ error order:8080/*",
        "order v2 ✕ error POST /orders",
        "order v2 GET",
        "user v1 GET /users/{id}",
        "user v1 SELECT users",
        "order v2 INSERT orders",
        "▲ the parent 0000000000000008 is missing: it was not kept, not sent, or is still",
        "user v1 ✕ error GET /users/{id}",
    ]
    indents = waterfall.evaluate(
        "[...document.querySelectorAll('.who')].map((each) => parseFloat(each.style.paddingInlineStart))"
    )
    assert [round(indent / 1.1) for indent in indents] == [0, 1, 2, 3, 4, 2, 1]


def test_a_bar_is_as_long_as_its_span_and_begins_where_it_began(waterfall):
    place = (
        "(bar) => { const [me, all] = [bar, bar.parentElement].map((each) => each.getBoundingClientRect());"
        " return [(me.left - all.left) / all.width, me.width / all.width]; }"
    )
    began, took = waterfall.locator(".time .bar").nth(5).evaluate(place)
    assert began == pytest.approx(22.0 / 41.2, abs=0.01)
    assert took == pytest.approx(12.0 / 41.2, abs=0.01)


def test_the_heading_says_what_it_was_and_how_it_went(waterfall):
    assert "41 ms · 7 spans · ✕ 3 with an error" in said(waterfall)
    assert waterfall.locator("#services").inner_text().split() == ["gateway", "order", "user"]


def test_a_span_is_opened_by_mouse_and_by_keyboard(waterfall):
    waterfall.locator("#spans summary").nth(4).click()
    assert "sqlite" in waterfall.locator("#spans li").nth(4).locator("dl").inner_text()
    waterfall.locator("#spans summary").first.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "Enter"):
        waterfall.keyboard.press(key)
    assert waterfall.locator("#spans li").nth(1).locator("dl").is_visible()


def test_attributes_and_lines_are_text_whatever_they_hold(waterfall):
    waterfall.locator("#spans summary").nth(1).click()
    assert EVIL in waterfall.locator("#spans li").nth(1).inner_text()
    assert waterfall.locator("#lines .message").nth(1).inner_text() == EVIL
    assert waterfall.locator("main img, main script").count() == 0
    assert "owned" not in waterfall.title()
    assert waterfall.problems == []


def test_the_lines_of_the_trace_stand_below_it(waterfall, backend):
    assert waterfall.locator("#lines > li").count() == 3
    assert {"term": {"trace.id": TRACE}} in backend.searches[0]["query"]["bool"]["filter"]
    assert waterfall.locator("#to-logs").get_attribute("href") == f"/logs?trace={TRACE}"


def test_who_called_from_outside_is_not_said_to_be_missing(lab, backend, open_page, monkeypatch):
    spans = [span(1, 7, "p1", "ingress", 0, 5), span(2, 1, "p1", "GET /orders", 1, 3)]
    trace = {"traceID": TRACE, "spans": spans, "processes": {"p1": process("gateway", "")}}
    monkeypatch.setattr("tests.browser.recorded.FULL", trace)
    page = open_page(f"{lab.url}/traces/{TRACE}")
    page.wait_for_selector("#spans summary", timeout=SOON)
    assert page.locator(".lost").inner_text() == "○ called from outside, where nobody sends spans"


def test_a_search_asks_for_what_the_form_says(lab, backend, open_page):
    page = open_page(f"{lab.url}/traces?service=order&operation=GET&errors=1&min=100 ms")
    assert said(page) == "1 trace, newest first"
    asked = backend.queries[0]
    assert (asked["service"], asked["operation"], asked["minDuration"]) == ("order", "GET", "100ms")
    assert json.loads(asked["tags"]) == {"error": "true"}
    assert page.locator("[name=operation]").input_value() == "GET"
    assert page.locator("[name=errors]").is_checked()


def test_all_services_are_asked_and_a_trace_is_shown_once(lab, backend, open_page):
    page = open_page(f"{lab.url}/traces")
    assert said(page) == "1 trace, newest first"
    assert {asked["service"] for asked in backend.queries} == {"gateway", "order", "user"}
    row = page.locator("#rows tr").inner_text()
    assert "✕ 3" in row
    assert "41 ms" in row
    page.locator("#rows a").click()
    page.wait_for_url(f"**/traces/{TRACE}")


def test_a_trace_id_leads_to_its_waterfall(lab, open_page):
    page = open_page(f"{lab.url}/traces")
    page.locator("[name=id]").fill(f"  {TRACE.upper()} ")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/traces/{TRACE}")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/traces?min=apples", "✕ “apples” is no duration: write 100ms, 1.5s or 250us"),
        ("/traces?id=xyz", "✕ a trace id has 32 hexadecimal digits, not “xyz”"),
        ("/traces/xyz", "✕ a trace id has 32 hexadecimal digits, not “xyz”"),
        (f"/traces/{'0' * 32}", "✕ trace not found"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(address, words, lab, open_page):
    assert said(open_page(lab.url + address)) == words


def test_nothing_found_is_said(lab, backend, open_page, monkeypatch):
    monkeypatch.setattr("tests.browser.recorded.FULL", {"traceID": TRACE, "spans": [], "processes": {}})
    page = open_page(f"{lab.url}/traces/{TRACE}")
    assert said(page).startswith("✕ ")


@pytest.mark.parametrize("path", ["/traces", f"/traces/{TRACE}"])
def test_it_fits_and_can_be_read(path, lab, open_page):
    page = open_page(lab.url + path)
    said(page)
    page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    assert looks.faults(page) == []
    assert page.problems == []
